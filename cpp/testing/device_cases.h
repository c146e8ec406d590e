// The devices that every rule of the seam is tested on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cpp/device/device.h"
#include "cpp/testing/loop_device.h"
#include "cpp/testing/temp_dir.h"
#include "cpp/testing/test_spdk.h"

namespace ashlar {

enum class DeviceCase {
  kMemory512,
  kMemory4096,
  kUringFile,
  kUringFileBuffered,
  kPreadFile,
  kPreadFileBuffered,
  kUringBlock512,
  kUringBlock4096,
  kPreadBlock512,
  kCrash512,
  kCrash4096,
  kSpdkMalloc512,
  kSpdkMalloc4096,
  kSpdkAio512,
  kSpdkAio4096,
};

std::vector<DeviceCase> AllDeviceCases();
// Those whose content outlives them.
std::vector<DeviceCase> FileDeviceCases();
std::string DeviceCaseName(DeviceCase device_case);

// A fresh zeroed device of one case, with the folder and loop device it needs.
class DeviceUnderTest {
 public:
  // NotSupported, with the reason, where this machine or user cannot have such a device.
  static Result<std::unique_ptr<DeviceUnderTest>> Make(DeviceCase device_case, uint64_t size_bytes);

  Device& device() { return *device_; }

  // Closes the device and opens what it left; file cases only.
  Status Reopen(bool read_only = false);

 private:
  static Result<std::unique_ptr<DeviceUnderTest>> MakeSpdk(DeviceCase device_case,
                                                           uint64_t size_bytes);

  std::optional<TempDir> folder_;
  SpdkReference spdk_;
  std::optional<LoopDevice> loop_;
  DeviceSpec spec_;
  std::unique_ptr<Device> device_;
};

}  // namespace ashlar
