// A device in this process's memory: for tests, for benchmarks that should measure Ashlar and not a
// drive, and for stores that need not outlive the process.
#pragma once

#include <memory>

#include "ashlar/status.h"
#include "cpp/device/device.h"

namespace ashlar {

// Zeroed memory of spec.size_bytes, given out by the kernel when a page is first touched. Requests
// complete in the Poll() after their Submit(); any buffer alignment will do. spec is valid.
Result<std::unique_ptr<Device>> NewMemoryDevice(const DeviceSpec& spec);

}  // namespace ashlar
