// How a process that has a BlobFS open shows it in a folder of the host itself. What knows libfuse
// is a library of its own, libashlar_mount.so, loaded when the first mount is made: libfuse is not
// on every machine, and the rest works without it.
//
// Both sides are of one build. The library calls the tree by virtual functions only, so the file
// system's code and its state stay where they are.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ashlar/status.h"

namespace ashlar {

class Tree;  // cpp/fuse/tree/tree.h

struct MountOptions {
  std::string folder;
  std::string source;  // shown by mount(8) and df
  bool read_only = false;
};

// A folder that is mounted. Destroyed by the last user, after Serve.
class ServedMount {
 public:
  virtual ~ServedMount() = default;
  // Serves the folder, in the calling thread and threads of its own, until it has been unmounted,
  // by whomever. Once.
  virtual Status Serve() = 0;

  // Any thread. Busy: something in it is open.
  virtual Status Unmount() = 0;
  // Any thread. Takes the mount from its folder at once; what is open is served until it is closed.
  virtual Status Detach() = 0;
};

struct MountApi {
  uint32_t version = 0;
  // Mounts; see PrepareMountPoint in mount_point.h for what can fail. `tree` outlives the mount.
  Result<std::unique_ptr<ServedMount>> (*start)(Tree& tree, const MountOptions& options) = nullptr;
};

inline constexpr uint32_t kMountApiVersion = 2;

// `const MountApi* ashlar_mount_api()`, with C linkage.
inline constexpr char kMountApiSymbol[] = "ashlar_mount_api";
using MountApiFunction = const MountApi* (*)();

}  // namespace ashlar
