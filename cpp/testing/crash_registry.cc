#include "cpp/testing/crash_registry.h"

#include <map>
#include <mutex>
#include <utility>

#include "cpp/chunk/device_source.h"

namespace ashlar {

namespace {

struct Entry {
  std::shared_ptr<CrashDevice> device;
  RequestObserver observer;
  std::shared_ptr<std::atomic<bool>> open;
};

std::mutex registry_mutex;

std::map<std::string, Entry>& Registry() {
  static auto* registry = new std::map<std::string, Entry>();
  return *registry;
}

Result<std::unique_ptr<Device>> OpenByLabel(const DeviceSpec& spec) {
  std::lock_guard<std::mutex> lock(registry_mutex);
  const auto found = Registry().find(spec.path);
  if (found == Registry().end()) {
    return Status::NotFound("there is no crash device \"" + spec.path + "\"");
  }
  const Entry& entry = found->second;
  if (entry.open->exchange(true)) {
    return Status::Busy("crash device \"" + spec.path + "\" is open; close its store first");
  }
  return std::unique_ptr<Device>(
      new SharedDevice(entry.device, entry.observer, [open = entry.open] { open->store(false); }));
}

}  // namespace

void InstallCrashDevices() { SetCrashDeviceOpener(&OpenByLabel); }

Status AddCrashDevice(const std::string& label, std::shared_ptr<CrashDevice> device,
                      RequestObserver observer) {
  std::lock_guard<std::mutex> lock(registry_mutex);
  Entry entry{std::move(device), std::move(observer), std::make_shared<std::atomic<bool>>(false)};
  if (!Registry().emplace(label, std::move(entry)).second) {
    return Status::AlreadyExists("crash device \"" + label + "\"; drop it first");
  }
  return Status::Ok();
}

std::shared_ptr<CrashDevice> FindCrashDevice(const std::string& label) {
  std::lock_guard<std::mutex> lock(registry_mutex);
  const auto found = Registry().find(label);
  return found == Registry().end() ? nullptr : found->second.device;
}

void DropCrashDevice(const std::string& label) {
  std::lock_guard<std::mutex> lock(registry_mutex);
  Registry().erase(label);
}

}  // namespace ashlar
