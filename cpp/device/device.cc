#include "cpp/device/device.h"

#include <cerrno>
#include <limits>
#include <string>
#include <utility>

#include "cpp/base/units.h"
#include "cpp/device/file_handle.h"
#include "cpp/device/memory_device.h"
#include "cpp/device/pread_device.h"
#include "cpp/device/uring_device.h"
#include "cpp/device/uring_probe.h"

namespace ashlar {

namespace {

constexpr uint64_t kMaxDeviceBytes =
    RoundDown(static_cast<uint64_t>(std::numeric_limits<int64_t>::max()), kPageBytes);

Status ValidateSize(const DeviceSpec& spec) {
  const bool must_be_given = spec.kind == DeviceKind::kMemory || spec.create;
  if (spec.size_bytes == 0 && !must_be_given) return Status::Ok();
  if (spec.size_bytes == 0 || spec.size_bytes % kPageBytes != 0 ||
      spec.size_bytes > kMaxDeviceBytes) {
    return Status::InvalidArgument("size_bytes is " + std::to_string(spec.size_bytes) +
                                   "; give a multiple of 4096 from 4096 to " +
                                   std::to_string(kMaxDeviceBytes));
  }
  return Status::Ok();
}

Result<std::unique_ptr<Device>> OpenMemory(const DeviceSpec& spec) {
  if (spec.sector_bytes != 512 && spec.sector_bytes != kPageBytes) {
    return Status::InvalidArgument("sector_bytes is " + std::to_string(spec.sector_bytes) +
                                   "; give 512 or 4096");
  }
  return NewMemoryDevice(spec);
}

Status ValidateFile(const DeviceSpec& spec) {
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

int Device::ReadInline(uint64_t, void*, uint32_t) { return -EOPNOTSUPP; }

int Device::WriteInline(uint64_t, const void*, uint32_t) { return -EOPNOTSUPP; }

int Device::FlushInline() { return -EOPNOTSUPP; }

Result<std::unique_ptr<Device>> OpenDevice(const DeviceSpec& spec) {
  ASHLAR_RETURN_IF_ERROR(ValidateSize(spec));
  switch (spec.kind) {
    case DeviceKind::kMemory:
      return OpenMemory(spec);
    case DeviceKind::kFile:
      return OpenFile(spec);
    case DeviceKind::kCrash:
      return Status::NotSupported("crash devices exist in testing builds only");
  }
  return Status::InvalidArgument("device kind is " + std::to_string(static_cast<int>(spec.kind)) +
                                 "; give 0 (memory) or 1 (file)");
}

}  // namespace ashlar
