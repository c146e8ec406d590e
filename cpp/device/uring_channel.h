// A channel on an io_uring of its own.
#pragma once

#include <memory>

#include "cpp/device/device.h"
#include "cpp/device/device_totals.h"
#include "cpp/device/file_handle.h"
#include "cpp/device/uring_probe.h"

namespace ashlar {

enum class ChannelUsers {
  kOneThread,
  kInTurn,  // any thread, one at a time
};

// `file` and `totals` outlive the channel.
Result<std::unique_ptr<Channel>> OpenUringChannel(const FileHandle& file,
                                                  const UringFeatures& features, ChannelUsers users,
                                                  DeviceTotals* totals);

}  // namespace ashlar
