// A plain file or block device driven through io_uring: one ring per channel, so that reactors
// share nothing on the way to the kernel.
#pragma once

#include <memory>

#include "cpp/device/device.h"
#include "cpp/device/file_handle.h"
#include "cpp/device/uring_probe.h"

namespace ashlar {

std::unique_ptr<Device> NewUringDevice(FileHandle file, const UringFeatures& features);

}  // namespace ashlar
