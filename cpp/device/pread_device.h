// A plain file or block device driven by threads with pread and pwrite, for where io_uring is
// refused.
#pragma once

#include <memory>

#include "cpp/device/device.h"
#include "cpp/device/file_handle.h"

namespace ashlar {

std::unique_ptr<Device> NewPreadDevice(FileHandle file);

}  // namespace ashlar
