#include "cpp/chunk/device_source.h"

#include <atomic>

namespace ashlar {

namespace {
std::atomic<CrashDeviceOpener> crash_device_opener{nullptr};
}

void SetCrashDeviceOpener(CrashDeviceOpener opener) { crash_device_opener.store(opener); }

Result<std::unique_ptr<Device>> OpenStoreDevice(const DeviceSpec& spec) {
  if (spec.kind != DeviceKind::kCrash) return OpenDevice(spec);
  const CrashDeviceOpener opener = crash_device_opener.load();
  if (opener == nullptr) {
    return Status::NotSupported("crash devices exist in the testing library only");
  }
  return opener(spec);
}

}  // namespace ashlar
