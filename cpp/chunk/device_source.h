// Where a store gets its device from: OpenDevice, except that a testing library can answer for
// DeviceKind::kCrash. The production library knows nothing of crash devices.
#pragma once

#include <memory>

#include "ashlar/device.h"
#include "ashlar/status.h"
#include "cpp/device/device.h"

namespace ashlar {

using CrashDeviceOpener = Result<std::unique_ptr<Device>> (*)(const DeviceSpec& spec);

// Before any store is opened.
void SetCrashDeviceOpener(CrashDeviceOpener opener);

Result<std::unique_ptr<Device>> OpenStoreDevice(const DeviceSpec& spec);

}  // namespace ashlar
