// A plain file or block device, opened, locked and measured: what the io_uring and the pread device
// have in common.
#pragma once

#include "ashlar/device.h"
#include "ashlar/status.h"
#include "cpp/device/unique_fd.h"

namespace ashlar {

// The lock goes with the handle, or with the process.
struct FileHandle {
  FileHandle() = default;
  FileHandle(FileHandle&&) = default;
  FileHandle& operator=(FileHandle&&) = default;
  ~FileHandle();

  UniqueFd fd;
  DeviceInfo info;  // all but the backend's name
  bool read_only = false;
};

// Opens spec.path, or creates it where spec.create says so; spec is valid.
//
// The file belongs to one opener: it is locked against every other process and against a second
// opening in this one (Busy). Symbolic links are refused, so that nobody can put another file
// under a store between two openings. A file that cannot be created in full is removed again.
Result<FileHandle> OpenFileHandle(const DeviceSpec& spec);

}  // namespace ashlar
