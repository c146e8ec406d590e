// An open BlobFs as a RocksDB plug-in sees it: the core's side of plugin_api.h.
//
// A mount is never freed, because RocksDB's sets of options keep pointers that lead to it. After
// Unmount it answers Closed to everything.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "ashlar/status.h"
#include "cpp/blobfs/blobfs.h"
#include "cpp/rocksdb/plugin_api.h"

namespace ashlar::rocks {

struct Mount {
 public:
  // Lives for ever.
  static Mount* Create(std::shared_ptr<BlobFs> fs);

  // Lets go of the BlobFs, which its owner can close then. Busy: files or locks are open; nothing
  // has changed. A second call does nothing.
  Status Unmount();

  // Closed after Unmount. Otherwise the BlobFs, which may be closed while it is used.
  Result<std::shared_ptr<BlobFs>> Use();

  // Something that is open in a mount, which cannot be unmounted meanwhile.
  class Pin {
   public:
    static Result<std::unique_ptr<Pin>> Take(Mount* mount, const std::string& path);
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    BlobFs& fs() const { return *fs_; }

   private:
    Pin(Mount* mount, std::shared_ptr<BlobFs> fs) : mount_(mount), fs_(std::move(fs)) {}
    Mount* const mount_;
    const std::shared_ptr<BlobFs> fs_;
    std::multiset<std::string>::iterator entry_;
  };

 private:
  explicit Mount(std::shared_ptr<BlobFs> fs) : fs_(std::move(fs)) {}

  std::mutex mutex_;
  std::shared_ptr<BlobFs> fs_;             // null once unmounted
  std::multiset<std::string> open_paths_;  // of the pins
  bool reserved_ = false;                  // there are clusters for new logs only
};

// The table for plug-ins.
const CoreApi& Core();

}  // namespace ashlar::rocks
