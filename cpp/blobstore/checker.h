// A strict check of a blobstore's metadata, written apart from the loader so that neither hides the
// other's mistakes. Reads only.
//
// Where the loader makes the best of what it finds, this names everything that is not as it should
// be: tests run it on what the blobstore has written, tools on what users bring.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/device.h"
#include "ashlar/status.h"
#include "cpp/device/device.h"
#include "cpp/runtime/task.h"

namespace ashlar {

struct CheckReport {
  std::vector<std::string> problems;  // empty: all is well
  bool clean = false;                 // as the super block says; then the masks were compared too
  uint64_t blobs = 0;
  uint64_t used_pages = 0;
  uint64_t used_clusters = 0;  // with those of the metadata
  // Pages that no blob refers to: of earlier versions, and what a crash left of newer ones.
  uint64_t stale_pages = 0;
  uint64_t torn_pages = 0;
};

// Fails only when the device cannot be read or is no blobstore.
Task<Result<CheckReport>> CheckBlobstore(Channel& channel, const DeviceInfo& info);

}  // namespace ashlar
