// What this machine has of huge pages. Looked at before DPDK is started: it cannot be started a
// second time after it has failed for want of memory.
#pragma once

#include <cstdint>
#include <string>

#include "ashlar/status.h"

namespace ashlar {

// Free huge pages of all sizes in bytes, as `folder` (/sys/kernel/mm/hugepages) tells; 0 if it
// tells nothing.
uint64_t FreeHugePageBytes(const std::string& folder = "/sys/kernel/mm/hugepages");

// OutOfMemory, with the remedy, when fewer bytes are free. `what` names who needs them.
Status CheckHugePages(uint64_t needed_bytes, const std::string& what,
                      const std::string& folder = "/sys/kernel/mm/hugepages");

}  // namespace ashlar
