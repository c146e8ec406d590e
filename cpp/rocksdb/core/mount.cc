#include "cpp/rocksdb/core/mount.h"

#include <cerrno>
#include <utility>

namespace ashlar::rocks {

Mount* Mount::Create(std::shared_ptr<BlobFs> fs) {
  // Reachable for leak checkers, which are right in general.
  static auto* mutex = new std::mutex();
  static auto* all = new std::multiset<Mount*>();
  auto* mount = new Mount(std::move(fs));
  std::lock_guard<std::mutex> lock(*mutex);
  all->insert(mount);
  return mount;
}

Status Mount::Unmount() {
  std::shared_ptr<BlobFs> released;
  std::lock_guard<std::mutex> lock(mutex_);
  if (!open_paths_.empty()) {
    return Status::Busy("RocksDB has " + std::to_string(open_paths_.size()) + " files open, \"" +
                            *open_paths_.begin() + "\" among them; close the database first",
                        EBUSY);
  }
  released = std::move(fs_);
  return Status::Ok();
}

Result<std::shared_ptr<BlobFs>> Mount::Use() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (fs_ == nullptr) return Status::Closed("the BlobFS has been closed");
  return fs_;
}

Result<std::unique_ptr<Mount::Pin>> Mount::Pin::Take(Mount* mount, const std::string& path) {
  std::lock_guard<std::mutex> lock(mount->mutex_);
  if (mount->fs_ == nullptr) return Status::Closed("the BlobFS has been closed");
  // RocksDB gives up for good where it cannot begin a new log.
  if (!std::exchange(mount->reserved_, true)) {
    ASHLAR_RETURN_IF_ERROR(mount->fs_->ReserveForLogs());
  }
  std::unique_ptr<Pin> pin(new Pin(mount, mount->fs_));
  pin->entry_ = mount->open_paths_.insert(path);
  return pin;
}

Mount::Pin::~Pin() {
  std::lock_guard<std::mutex> lock(mount_->mutex_);
  mount_->open_paths_.erase(entry_);
}

}  // namespace ashlar::rocks
