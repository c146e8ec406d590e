#include "cpp/fuse/tree/tree.h"

#include <fcntl.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include "cpp/base/units.h"
#include "cpp/blobfs/file_kind.h"

namespace ashlar {

namespace {

uint64_t NowUs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

std::string Join(std::string_view folder, std::string_view name) {
  return std::string(folder == "/" ? "" : folder) + "/" + std::string(name);
}

std::string_view ParentOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// FNV-1a, for what has no id of its own: folders, and files made by SPDK.
uint64_t InodeOfName(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return hash;
}

uint64_t InodeOf(FileId id, std::string_view name) {
  return id.value != 0 ? id.value : InodeOfName(name);
}

Status NameTooLong(const std::string& path) {
  return Status::InvalidArgument(
      "\"" + path + "\" has " + std::to_string(path.size()) + " bytes, at most 255 are allowed",
      ENAMETOOLONG);
}

Status Gone() { return Status::NotFound("it has been removed", ENOENT); }

// More is written back in several pieces, of which only the last is followed by a sync.
constexpr size_t kMaxAheadBytes = 64 * kKiB;

bool IsWritable(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

}  // namespace

Tree::Tree(BlobFs& fs) : fs_(fs), folders_(fs), mounted_us_(NowUs()) {}

Tree::~Tree() {
  for (const auto& open : nodes_.CloseAll()) {
    // Close of the file system finds what sticks.
    [[maybe_unused]] const Status closed = open->file->Close();
  }
}

// --- nodes -------------------------------------------------------------------------------------

// Out of line, as are all that the other library calls: it must hold none of the code behind them.
void Tree::Forget(NodeId node, uint64_t lookups) { nodes_.Forget(node, lookups); }

Result<FsSpace> Tree::Space() { return fs_.Space(); }

Result<std::string> Tree::FolderPath(NodeId folder) const {
  std::optional<NodeTable::Name> name = nodes_.NameOf(folder);
  if (!name) return Gone();
  if (!name->is_folder) return Status::InvalidArgument(name->path + " is no folder", ENOTDIR);
  return std::move(name->path);
}

// What may be made or found below a folder.
Result<std::string> Tree::ChildPath(NodeId parent, std::string_view name) const {
  const Result<std::string> folder = FolderPath(parent);
  if (!folder.ok()) return folder;
  std::string path = Join(folder.value(), name);
  if (path.size() > BlobFs::kMaxNameBytes) return NameTooLong(path);
  if (name == kFolderMarker || path == "/.ashlar") {
    return Status::InvalidArgument("\"" + path + "\" is reserved", EPERM);
  }
  return path;
}

Attributes Tree::FolderAttributes(std::string_view path) const {
  return {.inode = path == "/" ? kRootNode.value : InodeOfName(path),
          .is_folder = true,
          .mtime_us = mounted_us_};
}

Attributes Tree::AttributesOf(const File& file) {
  return {.inode = InodeOf(file.id(), file.name()),
          .size_bytes = file.size_bytes(),
          .allocated_bytes = file.allocated_bytes(),
          .mtime_us = file.mtime_us()};
}

Result<Attributes> Tree::StatPath(const std::string& path, bool is_folder) {
  if (is_folder) return FolderAttributes(path);
  const Result<FileStat> stat = fs_.Stat(path);
  if (!stat.ok()) return stat.status();
  return Attributes{.inode = InodeOf(stat.value().id, path),
                    .size_bytes = stat.value().size_bytes,
                    .allocated_bytes = stat.value().allocated_bytes,
                    .mtime_us = stat.value().mtime_us};
}

Result<FoundNode> Tree::Lookup(NodeId parent, std::string_view name) {
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  const Result<std::string> path = ChildPath(parent, name);
  if (!path.ok()) {
    // What cannot be made is not there.
    return path.status().sys_errno() == EPERM ? Gone() : path.status();
  }
  const bool is_folder = folders_.IsFolder(path.value());
  const Result<Attributes> attributes = StatPath(path.value(), is_folder);
  if (!attributes.ok()) return attributes.status();
  return FoundNode{nodes_.Find(path.value(), is_folder), attributes.value()};
}

Result<Attributes> Tree::Stat(NodeId node) {
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  const std::optional<NodeTable::Name> name = nodes_.NameOf(node);
  if (name) return StatPath(name->path, name->is_folder);
  const std::shared_ptr<OpenFile> open = nodes_.AnyOpen(node);
  if (open == nullptr) return Gone();
  Attributes attributes = AttributesOf(*open->file);
  attributes.is_removed = true;
  return attributes;
}

Result<std::vector<ListedName>> Tree::List(NodeId folder) {
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  const Result<std::string> path = FolderPath(folder);
  if (!path.ok()) return path.status();
  Result<std::vector<FolderEntry>> entries = folders_.List(path.value());
  if (!entries.ok()) return entries.status();
  std::vector<ListedName> listed;
  listed.push_back({".", FolderAttributes(path.value()).inode, true});
  listed.push_back({"..", FolderAttributes(ParentOf(path.value())).inode, true});
  for (const FolderEntry& entry : entries.value()) {
    const std::string child = Join(path.value(), entry.name);
    // As Lookup has it: such a name is in the list twice, or once as a file.
    const bool is_folder = folders_.IsFolder(child);
    if (is_folder && !entry.is_folder) continue;
    const Result<Attributes> attributes = StatPath(child, is_folder);
    listed.push_back(
        {entry.name, attributes.ok() ? attributes.value().inode : InodeOfName(child), is_folder});
  }
  return listed;
}

// --- names -------------------------------------------------------------------------------------

Result<FoundNode> Tree::MakeFolder(NodeId parent, std::string_view name) {
  std::lock_guard<std::shared_mutex> names(names_mutex_);
  const Result<std::string> path = ChildPath(parent, name);
  if (!path.ok()) return path.status();
  if (Join(path.value(), kFolderMarker).size() > BlobFs::kMaxNameBytes) {
    return NameTooLong(Join(path.value(), kFolderMarker));
  }
  ASHLAR_RETURN_IF_ERROR(folders_.Make(path.value()));
  return FoundNode{nodes_.Find(path.value(), true), FolderAttributes(path.value())};
}

// A folder of BlobFS goes with the last name in it; here it stays until it is removed. Only a
// folder without a marker needs one now, and if there is no room for it, that is no reason to fail.
void Tree::KeepFolder(std::string_view gone) {
  const std::string_view folder = ParentOf(gone);
  if (folders_.IsFolder(folder)) return;
  [[maybe_unused]] const Status made = folders_.Make(folder);
}

Status Tree::RemoveFile(NodeId parent, std::string_view name) {
  std::lock_guard<std::shared_mutex> names(names_mutex_);
  const Result<std::string> path = ChildPath(parent, name);
  if (!path.ok()) return path.status();
  if (folders_.IsFolder(path.value())) return Status::InvalidArgument(path.value(), EISDIR);
  ASHLAR_RETURN_IF_ERROR(fs_.Delete(path.value()));
  nodes_.Removed(path.value());
  KeepFolder(path.value());
  return Status::Ok();
}

Status Tree::RemoveFolder(NodeId parent, std::string_view name) {
  std::lock_guard<std::shared_mutex> names(names_mutex_);
  const Result<std::string> path = ChildPath(parent, name);
  if (!path.ok()) return path.status();
  if (!folders_.IsFolder(path.value())) {
    return fs_.Exists(path.value()) ? Status::InvalidArgument(path.value(), ENOTDIR) : Gone();
  }
  ASHLAR_RETURN_IF_ERROR(folders_.Remove(path.value()));
  nodes_.Removed(path.value());
  KeepFolder(path.value());
  return Status::Ok();
}

// Found out before the first file of a folder moves.
Status Tree::CheckMovable(const std::string& from, const std::string& to) {
  if (!folders_.IsFolder(from)) {
    return fs_.Exists(from) ? Status::Ok() : Gone();
  }
  for (const std::string& name : fs_.List(from + "/")) {
    const std::string moved = to + name.substr(from.size());
    if (moved.size() > BlobFs::kMaxNameBytes) return NameTooLong(moved);
  }
  return Status::Ok();
}

Status Tree::Rename(NodeId from_parent, std::string_view from, NodeId to_parent,
                    std::string_view to, bool replace) {
  std::lock_guard<std::shared_mutex> names(names_mutex_);
  const Result<std::string> old_path = ChildPath(from_parent, from);
  if (!old_path.ok()) return old_path.status();
  const Result<std::string> new_path = ChildPath(to_parent, to);
  if (!new_path.ok()) return new_path.status();
  const std::string& path = new_path.value();
  ASHLAR_RETURN_IF_ERROR(CheckMovable(old_path.value(), path));
  if (!replace && (fs_.Exists(path) || folders_.IsFolder(path))) {
    return Status::AlreadyExists("\"" + path + "\" is there already", EEXIST);
  }
  const Status renamed = folders_.Rename(old_path.value(), path, "");
  // Of a folder some files may have moved before it failed.
  nodes_.Moved(old_path.value(), path, [this](const std::string& name) {
    return !fs_.Exists(name) && !folders_.IsFolder(name);
  });
  if (renamed.ok()) KeepFolder(old_path.value());
  return renamed;
}

// --- files -------------------------------------------------------------------------------------

Result<OpenFile*> Tree::Open(NodeId node, int flags) {
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  const std::optional<NodeTable::Name> name = nodes_.NameOf(node);
  if (!name) return Gone();
  const OpenMode mode = IsWritable(flags) ? OpenMode::kWrite : OpenMode::kRead;
  Result<std::unique_ptr<File>> file = fs_.Open(name->path, {.mode = mode});
  if (!file.ok()) return file.status();
  if (IsWritable(flags) && (flags & O_TRUNC) != 0) {
    ASHLAR_RETURN_IF_ERROR(file.value()->Truncate(0));
  }
  return Opened(node, std::move(file).value(), flags);
}

OpenFile* Tree::Opened(NodeId node, std::unique_ptr<File> file, int flags) {
  return nodes_.Opened(node, std::move(file), IsWritable(flags)).get();
}

Result<Tree::Created> Tree::Create(NodeId parent, std::string_view name, int flags) {
  std::lock_guard<std::shared_mutex> names(names_mutex_);
  const Result<std::string> path = ChildPath(parent, name);
  if (!path.ok()) return path.status();
  if (folders_.IsFolder(path.value())) return Status::AlreadyExists(path.value(), EISDIR);
  const bool exclusive = (flags & O_EXCL) != 0;
  Result<std::unique_ptr<File>> file =
      fs_.Open(path.value(), {.mode = exclusive ? OpenMode::kCreateNew : OpenMode::kCreateOrWrite,
                              .kind = KindOf(path.value())});
  if (!file.ok()) return file.status();
  if ((flags & O_TRUNC) != 0) ASHLAR_RETURN_IF_ERROR(file.value()->Truncate(0));
  Created created;
  created.found = {nodes_.Find(path.value(), false), AttributesOf(*file.value())};
  created.file = Opened(created.found.node, std::move(file).value(), flags);
  return created;
}

void Tree::Release(OpenFile* file) {
  const std::shared_ptr<OpenFile> closed = nodes_.Closed(file);
  if (closed == nullptr) return;
  // Sync has said what there is to say.
  [[maybe_unused]] const Status status = closed->file->Close();
}

// A handle for reading has nothing to write, but may be asked to make the file durable.
Status Tree::Sync(OpenFile& file) {
  std::shared_ptr<OpenFile> other;
  if (!file.writable) other = nodes_.AnyOpen(file.node);
  OpenFile& writer = other != nullptr ? *other : file;
  Status synced;
  // Whoever closed it meanwhile has made it durable.
  if (writer.writable) synced = writer.file->Sync();
  if (&writer != &file && synced.code() == StatusCode::kClosed) synced = Status::Ok();
  return synced.ok() ? nodes_.LostOf(file.node) : synced;
}

void Tree::SyncInTurn(OpenFile& file, std::function<void(const Status&)> done) {
  file.syncs->follow.store(true, std::memory_order_relaxed);
  file.syncs->turns.Run([this, &file, done = std::move(done)] { done(Sync(file)); });
}

bool Tree::ExpectsSync(OpenFile& file, size_t written_bytes) {
  return written_bytes <= kMaxAheadBytes && file.file->kind() == FileKind::kLog &&
         file.syncs->follow.exchange(false, std::memory_order_relaxed);
}

void Tree::SyncAhead(NodeId node) {
  const std::shared_ptr<OpenFile> open = nodes_.AnyOpen(node);
  if (open == nullptr || !open->writable) return;
  open->syncs->turns.Run([open] {
    // A failure sticks to the file.
    [[maybe_unused]] const Status status = open->file->Sync();
  });
}

Result<size_t> Tree::Read(OpenFile& file, uint64_t offset_bytes, std::span<uint8_t> into) {
  return file.file->Read(offset_bytes, into);
}

Status Tree::Write(OpenFile& file, uint64_t offset_bytes, std::span<const uint8_t> bytes) {
  return file.file->WriteAt(offset_bytes, bytes);
}

Status Tree::WriteBack(OpenFile& file, uint64_t offset_bytes, std::span<const uint8_t> bytes) {
  const Status written = Write(file, offset_bytes, bytes);
  if (!written.ok()) nodes_.Lost(file.node, written);
  return written;
}

Status Tree::Allocate(OpenFile& file, uint64_t size_bytes, bool grow) {
  return grow ? file.file->Extend(size_bytes) : file.file->Preallocate(size_bytes);
}

// --- by node -----------------------------------------------------------------------------------

// With a handle that is there, so that nothing is synced that nobody asked to be; else with one of
// its own.
template <typename Change>
Status Tree::ChangeFile(NodeId node, Change change) {
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  const std::shared_ptr<OpenFile> open = nodes_.AnyOpen(node);
  if (open != nullptr && open->writable) {
    const Status changed = change(*open->file);
    if (changed.code() != StatusCode::kClosed) return changed;
  }
  const std::optional<NodeTable::Name> name = nodes_.NameOf(node);
  if (!name) return Gone();
  const Result<std::unique_ptr<File>> file = fs_.Open(name->path, {.mode = OpenMode::kWrite});
  if (!file.ok()) return file.status();
  ASHLAR_RETURN_IF_ERROR(change(*file.value()));
  return file.value()->Close();
}

Status Tree::Truncate(NodeId node, OpenFile* file, uint64_t size_bytes) {
  if (file != nullptr && file->writable) return file->file->Truncate(size_bytes);
  return ChangeFile(node, [size_bytes](File& any) { return any.Truncate(size_bytes); });
}

Status Tree::SetMtime(NodeId node, uint64_t mtime_us) {
  const std::optional<NodeTable::Name> name = nodes_.NameOf(node);
  if (name && name->is_folder) return Status::Ok();
  return ChangeFile(node, [mtime_us](File& any) { return any.SetMtime(mtime_us); });
}

Status Tree::SetWriteTime(OpenFile& file, uint64_t mtime_us) {
  return file.file->SetWriteTime(mtime_us);
}

}  // namespace ashlar
