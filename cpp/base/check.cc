#include "cpp/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace ashlar {

void CheckFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "ashlar: broken invariant %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace ashlar
