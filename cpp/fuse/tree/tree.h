// A BlobFs as a tree of files and folders that the kernel can walk: the meaning of the mount,
// without libfuse.
//
// What BlobFS cannot do is refused and never half done: names have 255 bytes with their folders,
// and there are neither links nor modes nor owners. A gap that a write leaves is filled with zeros.
// A folder stays when its last file goes. Where a name is both a file and a folder, the folder is
// shown. A new file that has the name of one of RocksDB's logs is a log, which costs one flush for
// each sync.
//
// Threads: any, many at once. Whoever changes names waits for those who look at names, and the
// other way round; reading, writing and syncing open files takes no lock here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/status.h"
#include "cpp/blobfs/blobfs.h"
#include "cpp/blobfs/folders.h"
#include "cpp/fuse/tree/node_table.h"

namespace ashlar {

struct Attributes {
  uint64_t inode = 0;  // the same after the next mount; of a folder as long as it has its name
  bool is_folder = false;
  bool is_removed = false;
  uint64_t size_bytes = 0;
  uint64_t allocated_bytes = 0;
  uint64_t mtime_us = 0;  // since 1970
};

struct FoundNode {
  NodeId node;
  Attributes attributes;
};

struct ListedName {
  std::string name;
  uint64_t inode = 0;
  bool is_folder = false;
};

// Errors carry an errno where their code alone would not give the right one, see status_errno.h.
//
// Virtual because the kernel's requests may come from another library, see mount_api.h.
class Tree {
 public:
  explicit Tree(BlobFs& fs);
  // Closes what is still open.
  virtual ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // --- nodes ---

  // Each node that is found or made is known until it has been forgotten as often.
  virtual Result<FoundNode> Lookup(NodeId parent, std::string_view name);
  virtual void Forget(NodeId node, uint64_t lookups);
  virtual Result<Attributes> Stat(NodeId node);
  virtual Result<std::vector<ListedName>> List(NodeId folder);
  virtual Result<FsSpace> Space();

  // --- names; durable when these return ---

  virtual Result<FoundNode> MakeFolder(NodeId parent, std::string_view name);
  virtual Status RemoveFile(NodeId parent, std::string_view name);
  virtual Status RemoveFolder(NodeId parent, std::string_view name);
  // Replaces a file, or an empty folder, that has the new name, unless `replace` is false. Of a
  // folder the files move one by one, see Folders::Rename.
  virtual Status Rename(NodeId from_parent, std::string_view from, NodeId to_parent,
                        std::string_view to, bool replace);

  // --- files ---

  // `flags` as of open(2): the access mode and O_TRUNC count. The pointer is good until
  // Release.
  virtual Result<OpenFile*> Open(NodeId node, int flags);
  struct Created {
    FoundNode found;
    OpenFile* file = nullptr;
  };
  virtual Result<Created> Create(NodeId parent, std::string_view name, int flags);
  // Makes durable what was written. Fails as long as the file is open once WriteBack has failed.
  virtual Status Sync(OpenFile& file);
  // The same, but calls `done` with the outcome: in this thread, or in one that syncs the file now.
  virtual void SyncInTurn(OpenFile& file, std::function<void(const Status&)> done);
  virtual void Release(OpenFile* file);

  virtual Result<size_t> Read(OpenFile& file, uint64_t offset_bytes, std::span<uint8_t> into);
  virtual Status Write(OpenFile& file, uint64_t offset_bytes, std::span<const uint8_t> bytes);
  // Pages of the kernel's cache, which their writer takes for written. `file` is any that is open
  // for writing. When they cannot be taken they are lost, and every Sync says so (R10).
  virtual Status WriteBack(OpenFile& file, uint64_t offset_bytes, std::span<const uint8_t> bytes);
  // After a WriteBack: whether SyncAhead is worth it. It is when a program syncs a log again and
  // again. Other files change at a sync as a whole, which may not be there yet.
  virtual bool ExpectsSync(OpenFile& file, size_t written_bytes);
  // A Sync that nobody has asked for yet; whoever does will hear of its failure.
  virtual void SyncAhead(NodeId node);
  // Space for a file of `size_bytes`; with `grow` it gets that size, filled up with zeros.
  virtual Status Allocate(OpenFile& file, uint64_t size_bytes, bool grow);

  // By a handle if there is one, else by the node.
  virtual Status Truncate(NodeId node, OpenFile* file, uint64_t size_bytes);
  virtual Status SetMtime(NodeId node, uint64_t mtime_us);
  // When the kernel took what it has written back since: not worth a sync of its own.
  virtual Status SetWriteTime(OpenFile& file, uint64_t mtime_us);

 private:
  Result<std::string> FolderPath(NodeId folder) const;
  Result<std::string> ChildPath(NodeId parent, std::string_view name) const;
  Attributes FolderAttributes(std::string_view path) const;
  static Attributes AttributesOf(const File& file);
  Result<Attributes> StatPath(const std::string& path, bool is_folder);
  Status CheckMovable(const std::string& from, const std::string& to);
  void KeepFolder(std::string_view gone);
  OpenFile* Opened(NodeId node, std::unique_ptr<File> file, int flags);
  template <typename Change>
  Status ChangeFile(NodeId node, Change change);

  BlobFs& fs_;
  Folders folders_;
  NodeTable nodes_;
  const uint64_t mounted_us_;
  // Exclusive while names change, shared while someone goes by a name.
  std::shared_mutex names_mutex_;
};

}  // namespace ashlar
