// A channel to a bdev.
#pragma once

#include <memory>

#include "ashlar/status.h"
#include "cpp/device/device.h"

namespace ashlar::spdk {

class SpdkDevice;

// For the calling thread, or for any one at a time. The device outlives it.
Result<std::unique_ptr<Channel>> OpenSpdkChannel(SpdkDevice* device, bool shared);

}  // namespace ashlar::spdk
