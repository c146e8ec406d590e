#include "cpp/device/device.h"

#include <cerrno>
#include <limits>
#include <string>
#include <utility>

#include "cpp/base/units.h"
#include "cpp/device/file_handle.h"
#include "cpp/device/memory_device.h"
#include "cpp/device/named_memory.h"
#include "cpp/device/pread_device.h"
#include "cpp/device/spdk_library.h"
#include "cpp/device/uring_device.h"
#include "cpp/device/uring_probe.h"

namespace ashlar {

namespace {

constexpr uint64_t kMaxDeviceBytes =
    RoundDown(static_cast<uint64_t>(std::numeric_limits<int64_t>::max()), kPageBytes);

Result<std::unique_ptr<Device>> OpenMemory(const DeviceSpec& spec) {
  ASHLAR_RETURN_IF_ERROR(CheckMemorySpec(spec));
  Result<std::shared_ptr<MemoryBlock>> block = MemoryBlock::Allocate(spec);
  if (!block.ok()) return block.status();
  return NewMemoryDevice(std::move(block).value(), spec);
}

Status ValidateFile(const DeviceSpec& spec) {
  if (spec.size_bytes != 0 || spec.create) ASHLAR_RETURN_IF_ERROR(CheckDeviceSize(spec.size_bytes));
  if (spec.path.empty()) return Status::InvalidArgument("the path of the device is empty");
  if (spec.path.find('\0') != std::string::npos) {
    return Status::InvalidArgument("the path of the device contains a zero byte");
  }
  if (spec.create && spec.read_only) {
    return Status::InvalidArgument("'" + spec.path + "': create and read_only exclude each other");
  }
  return Status::Ok();
}

Result<std::unique_ptr<Device>> OpenFile(const DeviceSpec& spec) {
  ASHLAR_RETURN_IF_ERROR(ValidateFile(spec));
  Result<FileHandle> file = OpenFileHandle(spec);
  if (!file.ok()) return file.status();
  if (spec.use_uring) {
    const Result<UringFeatures> features = ProbeUring();
    if (features.ok()) return NewUringDevice(std::move(file).value(), features.value());
  }
  return NewPreadDevice(std::move(file).value());
}

}  // namespace

Result<std::unique_ptr<Channel>> Device::OpenSharedChannel() {
  return Status::NotSupported("channels of " + info().name + " belong to one thread each");
}

int Device::ReadInline(uint64_t, void*, uint32_t) { return -EOPNOTSUPP; }

int Device::WriteInline(uint64_t, const void*, uint32_t) { return -EOPNOTSUPP; }

int Device::FlushInline() { return -EOPNOTSUPP; }

Status CheckDeviceSize(uint64_t size_bytes) {
  if (size_bytes != 0 && size_bytes % kPageBytes == 0 && size_bytes <= kMaxDeviceBytes) {
    return Status::Ok();
  }
  return Status::InvalidArgument("size_bytes is " + std::to_string(size_bytes) +
                                 "; give a multiple of 4096 from 4096 to " +
                                 std::to_string(kMaxDeviceBytes));
}

Result<std::unique_ptr<Device>> OpenDevice(const DeviceSpec& spec) {
  switch (spec.kind) {
    case DeviceKind::kMemory:
      return OpenMemory(spec);
    case DeviceKind::kFile:
      return OpenFile(spec);
    case DeviceKind::kNamedMemory:
      return OpenNamedMemory(spec);
    case DeviceKind::kSpdk:
      return OpenSpdkDevice(spec);
    case DeviceKind::kCrash:
      return Status::NotSupported("crash devices exist in testing builds only");
  }
  return Status::InvalidArgument("device kind is " + std::to_string(static_cast<int>(spec.kind)) +
                                 "; give 0 (memory), 1 (file), 3 (named memory) or 4 (SPDK)");
}

}  // namespace ashlar
