#include "cpp/rocksdb/preload/open_device.h"

#include <cstdio>
#include <map>
#include <mutex>
#include <utility>

#include "cpp/blobfs/blobfs.h"
#include "cpp/rocksdb/core/mount.h"
#include "cpp/rocksdb/preload/device_uri.h"

namespace ashlar::rocks {

namespace {

// A tool that leaves files open ends as after a crash, which BlobFS stands.
void CloseDevice(Mount* mount, BlobFs& fs, const std::string& uri) {
  Status status = mount->Unmount();
  if (status.ok()) status = fs.Close();
  if (!status.ok()) {
    std::fprintf(stderr, "closing %s: %s\n", uri.c_str(), status.ToString().c_str());
  }
}

}  // namespace

Result<DeviceMount> OpenDeviceMount(const std::string& uri) {
  // Never destroyed: tools close their files while the process ends.
  static auto* mutex = new std::mutex();
  static auto* mounts = new std::map<std::string, std::weak_ptr<Mount>>();
  std::lock_guard<std::mutex> lock(*mutex);
  if (DeviceMount known = (*mounts)[uri].lock()) return known;

  const Result<DeviceUri> parsed = ParseDeviceUri(uri);
  if (!parsed.ok()) return parsed.status();
  Result<std::unique_ptr<BlobFs>> opened =
      BlobFs::Open(parsed.value().device, parsed.value().options);
  if (!opened.ok()) return opened.status();
  const std::shared_ptr<BlobFs> fs = std::move(opened).value();
  DeviceMount mount(Mount::Create(fs), [fs, uri](Mount* gone) { CloseDevice(gone, *fs, uri); });
  (*mounts)[uri] = mount;
  return mount;
}

}  // namespace ashlar::rocks
