#include "cpp/testing/device_cases.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "cpp/device/unique_fd.h"
#include "cpp/testing/crash_device.h"

namespace ashlar {

namespace {

struct CaseTraits {
  const char* name;
  DeviceKind kind;
  uint32_t sector_bytes;  // memory, block devices and bdevs
  bool is_block_device;   // of bdevs: of a file
  bool use_uring;
  bool use_direct_io;
};

CaseTraits TraitsOf(DeviceCase device_case) {
  switch (device_case) {
    case DeviceCase::kMemory512:
      return {"Memory512", DeviceKind::kMemory, 512, false, false, false};
    case DeviceCase::kMemory4096:
      return {"Memory4096", DeviceKind::kMemory, 4096, false, false, false};
    case DeviceCase::kUringFile:
      return {"UringFile", DeviceKind::kFile, 0, false, true, true};
    case DeviceCase::kUringFileBuffered:
      return {"UringFileBuffered", DeviceKind::kFile, 0, false, true, false};
    case DeviceCase::kPreadFile:
      return {"PreadFile", DeviceKind::kFile, 0, false, false, true};
    case DeviceCase::kPreadFileBuffered:
      return {"PreadFileBuffered", DeviceKind::kFile, 0, false, false, false};
    case DeviceCase::kUringBlock512:
      return {"UringBlock512", DeviceKind::kFile, 512, true, true, true};
    case DeviceCase::kUringBlock4096:
      return {"UringBlock4096", DeviceKind::kFile, 4096, true, true, true};
    case DeviceCase::kPreadBlock512:
      return {"PreadBlock512", DeviceKind::kFile, 512, true, false, true};
    case DeviceCase::kCrash512:
      return {"Crash512", DeviceKind::kCrash, 512, false, false, false};
    case DeviceCase::kCrash4096:
      return {"Crash4096", DeviceKind::kCrash, 4096, false, false, false};
    case DeviceCase::kSpdkMalloc512:
      return {"SpdkMalloc512", DeviceKind::kSpdk, 512, false, false, false};
    case DeviceCase::kSpdkMalloc4096:
      return {"SpdkMalloc4096", DeviceKind::kSpdk, 4096, false, false, false};
    case DeviceCase::kSpdkAio512:
      return {"SpdkAio512", DeviceKind::kSpdk, 512, true, false, false};
    case DeviceCase::kSpdkAio4096:
      return {"SpdkAio4096", DeviceKind::kSpdk, 4096, true, false, false};
  }
  return {"Unknown", DeviceKind::kMemory, 4096, false, false, false};
}

}  // namespace

std::vector<DeviceCase> FileDeviceCases() {
  return {DeviceCase::kUringFile,     DeviceCase::kUringFileBuffered,
          DeviceCase::kPreadFile,     DeviceCase::kPreadFileBuffered,
          DeviceCase::kUringBlock512, DeviceCase::kUringBlock4096,
          DeviceCase::kPreadBlock512};
}

std::vector<DeviceCase> AllDeviceCases() {
  std::vector<DeviceCase> cases = FileDeviceCases();
  cases.insert(cases.end(),
               {DeviceCase::kMemory512, DeviceCase::kMemory4096, DeviceCase::kCrash512,
                DeviceCase::kCrash4096, DeviceCase::kSpdkMalloc512, DeviceCase::kSpdkMalloc4096,
                DeviceCase::kSpdkAio512, DeviceCase::kSpdkAio4096});
  return cases;
}

std::string DeviceCaseName(DeviceCase device_case) { return TraitsOf(device_case).name; }

Result<std::unique_ptr<DeviceUnderTest>> DeviceUnderTest::MakeSpdk(DeviceCase device_case,
                                                                   uint64_t size_bytes) {
  const CaseTraits traits = TraitsOf(device_case);
  Result<SpdkReference> spdk = StartSpdkForTest();
  if (!spdk.ok()) return spdk.status();
  auto made = std::make_unique<DeviceUnderTest>();
  made->spdk_ = std::move(spdk).value();
  DeviceSpec& spec = made->spec_;
  spec.kind = DeviceKind::kSpdk;
  spec.path = "UnderTest";
  if (traits.is_block_device) {
    made->folder_.emplace();
    const std::string file = made->folder_->Join("device");
    const UniqueFd fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.valid() || ftruncate(fd.get(), static_cast<off_t>(size_bytes)) != 0) {
      return Status::FromErrno(errno, file);
    }
    ASHLAR_RETURN_IF_ERROR(CreateAioBdev(spec.path, file, traits.sector_bytes));
  } else {
    ASHLAR_RETURN_IF_ERROR(CreateMallocBdev(spec.path, size_bytes, traits.sector_bytes));
  }
  Result<std::unique_ptr<Device>> device = OpenDevice(spec);
  if (!device.ok()) return device.status();
  made->device_ = std::move(device).value();
  return made;
}

Result<std::unique_ptr<DeviceUnderTest>> DeviceUnderTest::Make(DeviceCase device_case,
                                                               uint64_t size_bytes) {
  const CaseTraits traits = TraitsOf(device_case);
  if (traits.kind == DeviceKind::kSpdk) return MakeSpdk(device_case, size_bytes);
  auto made = std::make_unique<DeviceUnderTest>();
  DeviceSpec& spec = made->spec_;
  spec.kind = traits.kind;
  spec.size_bytes = size_bytes;
  spec.use_uring = traits.use_uring;
  spec.use_direct_io = traits.use_direct_io;
  if (traits.kind == DeviceKind::kCrash) {
    CrashDeviceOptions options;
    options.size_bytes = size_bytes;
    options.sector_bytes = traits.sector_bytes;
    Result<std::unique_ptr<CrashDevice>> device = CrashDevice::Make(options);
    if (!device.ok()) return device.status();
    made->device_ = std::move(device).value();
    return made;
  }
  if (traits.kind == DeviceKind::kMemory) {
    spec.sector_bytes = traits.sector_bytes;
  } else {
    made->folder_.emplace();
    spec.path = made->folder_->Join("device");
    spec.create = !traits.is_block_device;
  }
  if (traits.is_block_device) {
    Result<LoopDevice> loop = LoopDevice::Attach(spec.path, size_bytes, traits.sector_bytes);
    if (!loop.ok()) return Status::NotSupported("no loop device: " + loop.status().ToString());
    spec.path = loop->path();
    made->loop_.emplace(std::move(loop).value());
  }
  Result<std::unique_ptr<Device>> device = OpenDevice(spec);
  if (!device.ok()) return device.status();
  made->device_ = std::move(device).value();
  const std::string wanted_backend = traits.use_uring ? "io_uring" : made->device_->info().backend;
  if (made->device_->info().backend != wanted_backend) {
    return Status::NotSupported("io_uring is refused on this machine");
  }
  return made;
}

Status DeviceUnderTest::Reopen(bool read_only) {
  device_.reset();
  spec_.create = false;
  spec_.read_only = read_only;
  Result<std::unique_ptr<Device>> device = OpenDevice(spec_);
  if (!device.ok()) return device.status();
  device_ = std::move(device).value();
  return Status::Ok();
}

}  // namespace ashlar
