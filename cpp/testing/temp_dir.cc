#include "cpp/testing/temp_dir.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace ashlar {

TempDir::TempDir() {
  const char* base = std::getenv("TMPDIR");
  std::string name = std::string(base != nullptr && *base != '\0' ? base : "/tmp");
  name += "/ashlar-test-XXXXXX";
  if (mkdtemp(name.data()) != nullptr) path_ = name;
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace ashlar
