// A strict check of the files on a device, after that of the blobs (CheckBlobstore). Reads only.
//
// Where opening makes the best of what it finds, this names everything that is not as a file system
// in good order leaves it. It shares the decoders with the file system, but none of its reasoning.
#pragma once

#include "cpp/blobstore/checker.h"

namespace ashlar {

struct FsCheckReport {
  std::vector<std::string> problems;  // empty: all is well
  CheckReport blobs;
  uint64_t files = 0;
  // What the next open removes: files deleted while open, and losers of a rename. A crash leaves
  // such; a clean close does not.
  uint64_t left_over = 0;
};

// Fails only when the device cannot be read or is no blobstore.
Task<Result<FsCheckReport>> CheckBlobFs(Channel& channel, const DeviceInfo& info);

}  // namespace ashlar
