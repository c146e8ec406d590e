// The devices that this process has opened by URI.
#pragma once

#include <memory>
#include <string>

#include "ashlar/status.h"
#include "cpp/rocksdb/plugin_api.h"

namespace ashlar::rocks {

// A mount whose device is closed when the last reference goes.
using DeviceMount = std::shared_ptr<Mount>;

// The same URI gives the same mount as long as anyone has it: a tool may ask more than once, and a
// device can be opened only once. Any thread.
Result<DeviceMount> OpenDeviceMount(const std::string& uri);

}  // namespace ashlar::rocks
