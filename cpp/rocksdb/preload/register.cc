// Makes ashlar://... known to RocksDB's object registry when the library is loaded.
#include <memory>
#include <string>
#include <utility>

#include "cpp/rocksdb/core/mount.h"
#include "cpp/rocksdb/plugin/blobfs_file_system.h"
#include "cpp/rocksdb/preload/device_uri.h"
#include "cpp/rocksdb/preload/open_device.h"
#include "rocksdb/utilities/object_registry.h"

namespace ashlar::rocks {

namespace {

rocksdb::FileSystem* NewFileSystem(const std::string& uri,
                                   std::unique_ptr<rocksdb::FileSystem>* guard,
                                   std::string* message) {
  Result<DeviceMount> mount = OpenDeviceMount(uri);
  if (!mount.ok()) {
    *message = mount.status().ToString();
    return nullptr;
  }
  Mount* const raw = mount.value().get();
  guard->reset(new BlobFsFileSystem(Core(), raw, std::move(mount).value()));
  return guard->get();
}

[[gnu::constructor]] void Register() {
  using rocksdb::ObjectLibrary;
  const auto pattern = ObjectLibrary::PatternEntry(BlobFsFileSystem::kClassName(), false)
                           .AddSeparator(std::string(kUriScheme.substr(kUriScheme.find(':'))));
  ObjectLibrary::Default()->AddFactory<rocksdb::FileSystem>(pattern, NewFileSystem);
}

}  // namespace

}  // namespace ashlar::rocks
