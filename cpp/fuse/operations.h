// The requests of the kernel, answered by a Tree: arguments and replies are translated here, and
// nothing is decided.
//
// What the kernel may cache: pages of files whose handles allow it (node_table.h), names and
// attributes for a second. Pages that programs write wait in the kernel, and come here at fsync and
// close, when memory is short, or after some seconds: in large pieces, in any order, and the last
// page of a file that grows again and again. Size and time of a file are what the kernel says then.
#pragma once

#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>

#include <cstdint>

#include "cpp/fuse/tree/tree.h"

namespace ashlar {

// Of one read or write request.
inline constexpr uint32_t kMaxTransferBytes = 1u << 20;

// Who owns the files that are shown.
struct MountIdentity {
  uid_t uid = 0;
  gid_t gid = 0;
};

// User data of a session with these operations; outlives it.
struct MountContext {
  Tree& tree;
  MountIdentity identity;
  bool write_back = false;
};

// Of every mount.
const fuse_lowlevel_ops& MountOperations();

// Does what the last request of this thread has left to do when it was answered, if anything. The
// next request can be taken meanwhile.
void FinishRequest();

}  // namespace ashlar
