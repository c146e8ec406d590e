// A channel on an io_uring of its own.
#pragma once

#include <memory>

#include "cpp/device/device.h"
#include "cpp/device/device_totals.h"
#include "cpp/device/file_handle.h"
#include "cpp/device/uring_probe.h"

namespace ashlar {

// `file` and `totals` outlive the channel.
Result<std::unique_ptr<Channel>> OpenUringChannel(const FileHandle& file,
                                                  const UringFeatures& features,
                                                  DeviceTotals* totals);

}  // namespace ashlar
