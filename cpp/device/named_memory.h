// Memory of this process that has a name and keeps its content while no device is open on it, until
// it is dropped or the process ends: what SPDK calls a malloc bdev.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ashlar/device.h"
#include "ashlar/status.h"
#include "cpp/device/device.h"

namespace ashlar {

// Zeroed memory, given out by the kernel when a page is first touched. AlreadyExists: the name is
// taken. InvalidArgument: size or sector size out of range, as for DeviceKind::kMemory.
Status CreateNamedMemory(const std::string& name, uint64_t size_bytes, uint32_t sector_bytes);

// Gives the memory back. NotFound; Busy: a device is open on it.
Status DropNamedMemory(const std::string& name);

// A device on the memory named spec.path; its size and sectors are the memory's. NotFound; Busy:
// one is open already.
Result<std::unique_ptr<Device>> OpenNamedMemory(const DeviceSpec& spec);

}  // namespace ashlar
