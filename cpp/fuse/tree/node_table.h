// What the kernel knows of the tree: nodes that it has looked up and not forgotten, the names they
// have now, and the files that are open.
//
// BlobFS knows files by their names, the kernel by numbers that stay with a file whatever its name
// becomes, also when it loses it. Nothing but the mount changes the device meanwhile, so this table
// follows every change of a name.
//
// Threads: any; each call is one step under one lock. That a name still is what it was when a
// caller acts on it is the caller's to see to (tree.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/status.h"
#include "cpp/blobfs/file.h"
#include "cpp/fuse/tree/turns.h"

namespace ashlar {

// Given out once, never again.
struct NodeId {
  uint64_t value = 0;
  bool operator==(const NodeId&) const = default;
};

inline constexpr NodeId kRootNode{1};

// Of all handles of a file.
struct FileSyncs {
  Turns turns;
  // A sync came after what was written back last: one will come after what is written back next.
  std::atomic<bool> follow{false};
};

// A file as one open(2) sees it.
struct OpenFile {
  std::unique_ptr<File> file;
  std::shared_ptr<FileSyncs> syncs;
  NodeId node;
  bool writable = false;
  // What the kernel has cached of it earlier is right.
  bool keep_cache = false;
};

class NodeTable {
 public:
  NodeTable();

  // The node of a name, new if the kernel does not know it; counts as looked up once more.
  NodeId Find(std::string_view name, bool is_folder);
  void Forget(NodeId node, uint64_t lookups);

  struct Name {
    std::string path;
    bool is_folder = false;
  };
  // Nothing if the file has been removed, or the number is unknown.
  std::optional<Name> NameOf(NodeId node) const;

  // The file or folder is gone; handles of it go on.
  void Removed(std::string_view name);
  // The names at and below `from` begin with `to` now, where `moved` (old name) says so. What had a
  // new name before is gone.
  void Moved(std::string_view from, std::string_view to,
             const std::function<bool(const std::string&)>& moved);

  // Registers an open file.
  std::shared_ptr<OpenFile> Opened(NodeId node, std::unique_ptr<File> file, bool writable);
  // The table lets go of it.
  std::shared_ptr<OpenFile> Closed(OpenFile* file);
  // Some open file of the node; a writable one if there is one. Null: none is open.
  std::shared_ptr<OpenFile> AnyOpen(NodeId node) const;
  // The kernel has handed over pages of the file that could not be taken. What it has cached, and
  // the size it believes in, are not those of the file: the next open drops the pages, and when
  // nothing of it is open any more, the file gets another number.
  void Lost(NodeId node, const Status& why);
  // The first failure; Ok if nothing was lost.
  Status LostOf(NodeId node) const;
  // Takes all open files out of the table.
  std::vector<std::shared_ptr<OpenFile>> CloseAll();

 private:
  struct Node {
    std::string name;  // empty: removed
    bool is_folder = false;
    uint64_t lookups = 0;
    std::vector<std::shared_ptr<OpenFile>> open{};
    std::shared_ptr<FileSyncs> syncs{};
    bool cache_is_right = false;
    Status lost{};
  };
  using Nodes = std::map<uint64_t, Node>;

  void DropIfUnused(Nodes::iterator node);
  void LoseName(std::string_view name);

  mutable std::mutex mutex_;
  Nodes nodes_;
  std::map<std::string, uint64_t, std::less<>> names_;
  uint64_t next_id_ = kRootNode.value + 1;
};

}  // namespace ashlar
