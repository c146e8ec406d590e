// Finds out once per process what the kernel's io_uring can do here.
#pragma once

#include "ashlar/status.h"

namespace ashlar {

struct UringFeatures {
  // IORING_SETUP_*, the best sets that work.
  unsigned setup_flags = 0;         // for a ring that one thread uses
  unsigned shared_setup_flags = 0;  // for one that threads use in turn
};

// The setup flags under which a ring works and its eventfd wakes epoll for completions that arrive
// later, tried out and not deduced from a version number. NotSupported when this process may
// not use io_uring (old kernel, container policy, sysctl) or when it lacks an operation we need.
Result<UringFeatures> ProbeUring();

}  // namespace ashlar
