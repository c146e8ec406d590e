#include "cpp/blobfs/random_id.h"

#include <sys/random.h>

#include "cpp/base/check.h"

namespace ashlar {

uint64_t RandomId() {
  uint64_t id = 0;
  while (id == 0) {
    // So few bytes come whole; only a kernel older than what io_uring needs can refuse.
    ASHLAR_CHECK(getrandom(&id, sizeof(id), 0) == sizeof(id));
  }
  return id;
}

}  // namespace ashlar
