// A channel to a bdev.
#pragma once

#include <memory>

#include "ashlar/status.h"
#include "cpp/device/device.h"

namespace ashlar::spdk {

class SpdkDevice;

// For the calling thread. The device outlives it.
Result<std::unique_ptr<Channel>> OpenSpdkChannel(SpdkDevice* device);

}  // namespace ashlar::spdk
