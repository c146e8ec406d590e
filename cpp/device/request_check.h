// What every device refuses before it looks at its storage.
#pragma once

#include <cstdint>

#include "ashlar/device.h"
#include "cpp/device/io_request.h"

namespace ashlar {

// 0, or -EINVAL for a range that is empty, not in whole sectors or not within the device, for
// memory that is null or not aligned, and for an operation outside the table.
int CheckRange(const DeviceInfo& info, uint64_t offset_bytes, const void* data,
               uint32_t length_bytes);

// CheckRange as the operation needs it, and -EROFS for a change of a read-only device, -EOPNOTSUPP
// for a discard where it is not supported.
int CheckRequest(const DeviceInfo& info, bool read_only, const IoRequest& request);

}  // namespace ashlar
