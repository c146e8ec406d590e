// The inside of a BlobFs: the names, and the order in which files come and go.
//
// Locks: change_mutex_ is held through every change of names (one at a time, across its I/O), then
// names_mutex_ for looking at the index or putting the outcome into it. Locks of files come after.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cpp/blobfs/blobfs.h"
#include "cpp/blobfs/buffer_pool.h"
#include "cpp/blobfs/file_node.h"
#include "cpp/blobfs/fs_io.h"
#include "cpp/blobfs/fs_volume.h"

namespace ashlar {

class FsCore : public std::enable_shared_from_this<FsCore> {
 public:
  FsCore(const BlobFsParts& parts, const BlobFsOptions& options, std::unique_ptr<FsVolume> volume);

  // Reads all names, and removes what a crash left.
  Status Load();

  Status Close();
  void Abandon();

  void Break(const Status& failure) { blobs_.Break(failure); }
  Status failure() const { return blobs_.failure(); }

  const BlobFsReport& report() const { return report_; }
  const DeviceInfo& device_info() const { return io_.info(); }
  DeviceCounters counters() const;

  Result<std::unique_ptr<File>> Open(std::string_view name, const OpenOptions& options);
  Result<FileStat> Stat(std::string_view name);
  bool Exists(std::string_view name) const;
  bool IsDirectory(std::string_view name) const;
  std::vector<std::string> List(std::string_view prefix) const;
  Status Rename(std::string_view from, std::string_view to);
  Status Delete(std::string_view name);
  Result<std::unique_ptr<FileLock>> Lock(std::string_view name);
  void Unlock(const std::string& name);
  Result<FsSpace> Space();
  Status ReserveForLogs();

  // A handle lets go of its file.
  void Release(const std::shared_ptr<FileNode>& node);
  std::string NameOf(const FileNode& node) const;

 private:
  using Node = std::shared_ptr<FileNode>;
  struct Found;  // a blob of the device that is a file

  // fs_load.cc
  void TakeIn(const BlobClient::Blob& blob, std::vector<Found>* found, std::vector<BlobId>* dead);
  Status UnusableReason(const BlobInfo& info, const FileMetadata& metadata) const;
  void ResolveNames(std::vector<Found> found, std::vector<BlobId>* dead);
  Status RemoveDead(const std::vector<BlobId>& dead);

  Status CheckOpen() const;
  Status CheckMutable() const;
  Node Find(std::string_view name) const;
  Node FindAndPin(std::string_view name) const;
  Result<Node> CreateLocked(std::string_view name, const OpenOptions& options, bool pinned);
  Result<BlobId> CreateBlob(const FileMetadata& metadata, uint64_t clusters);
  Result<Node> PinForOpen(std::string_view name, const OpenOptions& options);
  Status Drop(const Node& node);
  Status RemoveBlob(const Node& node);
  std::vector<Node> AllNodes() const;
  Status Shutdown(bool write);
  static Status NoSuchFile(std::string_view name);

  const BlobFsOptions options_;
  std::unique_ptr<FsVolume> volume_;  // null: somebody else's
  BlobClient blobs_;
  FsIo io_;
  BufferPool buffers_;
  FsServices services_;
  BlobFsReport report_;

  std::mutex change_mutex_;
  bool closed_for_change_ = false;  // guarded by change_mutex_
  uint64_t last_generation_ = 0;    // likewise

  mutable std::shared_mutex names_mutex_;
  std::map<std::string, Node, std::less<>> names_;
  std::set<Node> orphans_;  // without a name, still open
  std::set<std::string, std::less<>> locked_names_;
  bool closed_ = false;
};

}  // namespace ashlar
