// A block device over a file, for tests that run as root.
#pragma once

#include <cstdint>
#include <string>

#include "ashlar/status.h"
#include "cpp/device/unique_fd.h"

namespace ashlar {

// The kernel detaches the loop device when its last descriptor closes, so that nothing is left
// behind even by a test that is killed.
class LoopDevice {
 public:
  // Over the first size_bytes of a new file at `backing_path`, which stays the caller's to remove.
  static Result<LoopDevice> Attach(const std::string& backing_path, uint64_t size_bytes,
                                   uint32_t sector_bytes);

  const std::string& path() const { return path_; }

 private:
  LoopDevice(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;
  std::string path_;
};

}  // namespace ashlar
