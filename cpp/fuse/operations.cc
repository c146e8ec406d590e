#include "cpp/fuse/operations.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"
#include "cpp/fuse/tree/status_errno.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

namespace ashlar {

namespace {

constexpr double kCacheSeconds = 1.0;
// Requests that nobody waits for, such as pages to be written, which the kernel hands over at once.
constexpr unsigned kMaxBackground = 16;
constexpr mode_t kFolderMode = S_IFDIR | 0755;
constexpr mode_t kFileMode = S_IFREG | 0644;

// Of FinishRequest: a file to sync.
struct Unfinished {
  Tree* tree = nullptr;
  NodeId node;
};
thread_local Unfinished unfinished;

MountContext& ContextOf(fuse_req_t request) {
  return *static_cast<MountContext*>(fuse_req_userdata(request));
}
Tree& TreeOf(fuse_req_t request) { return ContextOf(request).tree; }

OpenFile* FileOf(const fuse_file_info* info) {
  return info == nullptr ? nullptr : reinterpret_cast<OpenFile*>(info->fh);
}

// --- replies -----------------------------------------------------------------------------------

// The errno is all that a program gets to see of trouble with the device.
void Report(const Status& status) {
  static std::mutex mutex;
  static std::string last;
  const std::string text = status.ToString();
  std::lock_guard<std::mutex> lock(mutex);
  if (text == last) return;
  last = text;
  std::fprintf(stderr, "%s\n", text.c_str());
}

void ReplyStatus(fuse_req_t request, const Status& status) {
  const int error = ErrnoOf(status);
  if (error == EIO) Report(status);
  fuse_reply_err(request, error);
}

timespec TimeOf(uint64_t us) {
  return {.tv_sec = static_cast<time_t>(us / 1'000'000),
          .tv_nsec = static_cast<long>(us % 1'000'000) * 1000};
}

uint64_t MicrosecondsOf(const timespec& time) {
  if (time.tv_sec < 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<uint64_t>(time.tv_nsec) / 1000;
}

struct stat StatOf(const MountContext& context, const Attributes& attributes) {
  struct stat stat {};
  stat.st_ino = attributes.inode;
  stat.st_mode = attributes.is_folder ? kFolderMode : kFileMode;
  // 1 of a folder: nobody counts its folders.
  stat.st_nlink = attributes.is_removed ? 0 : 1;
  stat.st_uid = context.identity.uid;
  stat.st_gid = context.identity.gid;
  stat.st_size = static_cast<off_t>(attributes.size_bytes);
  stat.st_blksize = kMaxTransferBytes;
  stat.st_blocks = static_cast<blkcnt_t>(attributes.allocated_bytes / 512);
  stat.st_mtim = TimeOf(attributes.mtime_us);
  stat.st_atim = stat.st_mtim;
  stat.st_ctim = stat.st_mtim;
  return stat;
}

fuse_entry_param EntryOf(const MountContext& context, const FoundNode& found) {
  fuse_entry_param entry{};
  entry.ino = found.node.value;
  entry.attr = StatOf(context, found.attributes);
  entry.attr_timeout = kCacheSeconds;
  entry.entry_timeout = kCacheSeconds;
  return entry;
}

// A reply that does not reach the kernel (the request was interrupted) leaves it without the node.
void ReplyEntry(fuse_req_t request, const Result<FoundNode>& found) {
  if (!found.ok()) return ReplyStatus(request, found.status());
  Tree& tree = TreeOf(request);
  const fuse_entry_param entry = EntryOf(ContextOf(request), found.value());
  if (fuse_reply_entry(request, &entry) == -ENOENT) tree.Forget(found.value().node, 1);
}

void ReplyAttributes(fuse_req_t request, const Result<Attributes>& attributes) {
  if (!attributes.ok()) return ReplyStatus(request, attributes.status());
  const struct stat stat = StatOf(ContextOf(request), attributes.value());
  fuse_reply_attr(request, &stat, kCacheSeconds);
}

void SetHandle(OpenFile* file, fuse_file_info* info) {
  info->fh = reinterpret_cast<uint64_t>(file);
  info->keep_cache = file->keep_cache ? 1 : 0;
}

// --- the session -------------------------------------------------------------------------------

void Init(void* user_data, fuse_conn_info* connection) {
  connection->max_write = kMaxTransferBytes;
  connection->max_background = kMaxBackground;
  connection->congestion_threshold = kMaxBackground;
  // Parts of one large direct write arrive one after the other, and nobody but the kernel changes
  // what it has cached; where somebody may, there is nothing to write.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_ASYNC_DIO | FUSE_CAP_AUTO_INVAL_DATA);
  if (static_cast<MountContext*>(user_data)->write_back) {
    connection->want |= connection->capable & FUSE_CAP_WRITEBACK_CACHE;
  }
}

// --- nodes -------------------------------------------------------------------------------------

void Lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  ReplyEntry(request, TreeOf(request).Lookup({parent}, name));
}

void Forget(fuse_req_t request, fuse_ino_t node, uint64_t lookups) {
  TreeOf(request).Forget({node}, lookups);
  fuse_reply_none(request);
}

void GetAttributes(fuse_req_t request, fuse_ino_t node, fuse_file_info* /*info*/) {
  ReplyAttributes(request, TreeOf(request).Stat({node}));
}

// Modes and owners are not kept: setting them to what they are is fine, all else is refused.
Status CheckUnchanged(const MountContext& context, const Attributes& attributes,
                      const struct stat& wanted, int what) {
  const struct stat now = StatOf(context, attributes);
  const bool changes =
      ((what & FUSE_SET_ATTR_MODE) != 0 && (wanted.st_mode & 07777) != (now.st_mode & 07777)) ||
      ((what & FUSE_SET_ATTR_UID) != 0 && wanted.st_uid != now.st_uid) ||
      ((what & FUSE_SET_ATTR_GID) != 0 && wanted.st_gid != now.st_gid);
  return changes ? Status::NotSupported("modes and owners are not kept", EPERM) : Status::Ok();
}

Status Change(const MountContext& context, NodeId node, OpenFile* file, const struct stat& wanted,
              int what) {
  Tree& tree = context.tree;
  const Result<Attributes> attributes = tree.Stat(node);
  if (!attributes.ok()) return attributes.status();
  ASHLAR_RETURN_IF_ERROR(CheckUnchanged(context, attributes.value(), wanted, what));
  if ((what & FUSE_SET_ATTR_SIZE) != 0) {
    ASHLAR_RETURN_IF_ERROR(tree.Truncate(node, file, static_cast<uint64_t>(wanted.st_size)));
  }
  if ((what & FUSE_SET_ATTR_MTIME_NOW) != 0) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return tree.SetMtime(node, MicrosecondsOf(now));
  }
  if ((what & FUSE_SET_ATTR_MTIME) != 0) {
    const uint64_t time_us = MicrosecondsOf(wanted.st_mtim);
    // Before a sync the kernel tells the time of what it wrote, by a handle; programs set times by
    // the name, both at once mostly.
    const bool of_writing = file != nullptr && (what & FUSE_SET_ATTR_ATIME) == 0;
    return of_writing ? tree.SetWriteTime(*file, time_us) : tree.SetMtime(node, time_us);
  }
  return Status::Ok();
}

void SetAttributes(fuse_req_t request, fuse_ino_t node, struct stat* wanted, int what,
                   fuse_file_info* info) {
  const Status changed = Change(ContextOf(request), {node}, FileOf(info), *wanted, what);
  if (!changed.ok()) return ReplyStatus(request, changed);
  ReplyAttributes(request, TreeOf(request).Stat({node}));
}

void StatFileSystem(fuse_req_t request, fuse_ino_t /*node*/) {
  const Result<FsSpace> space = TreeOf(request).Space();
  if (!space.ok()) return ReplyStatus(request, space.status());
  struct statvfs stat {};
  stat.f_bsize = kMaxTransferBytes;
  stat.f_frsize = kPageBytes;
  stat.f_blocks = space.value().total_bytes / kPageBytes;
  stat.f_bfree = space.value().free_bytes / kPageBytes;
  stat.f_bavail = stat.f_bfree;
  stat.f_files = space.value().files + space.value().free_files;
  stat.f_ffree = space.value().free_files;
  stat.f_favail = stat.f_ffree;
  stat.f_namemax = BlobFs::kMaxNameBytes - 1;  // in the root
  fuse_reply_statfs(request, &stat);
}

// --- names -------------------------------------------------------------------------------------

void MakeFolder(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t /*mode*/) {
  ReplyEntry(request, TreeOf(request).MakeFolder({parent}, name));
}

void Unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
  ReplyStatus(request, TreeOf(request).RemoveFile({parent}, name));
}

void RemoveFolder(fuse_req_t request, fuse_ino_t parent, const char* name) {
  ReplyStatus(request, TreeOf(request).RemoveFolder({parent}, name));
}

void Rename(fuse_req_t request, fuse_ino_t from_parent, const char* from, fuse_ino_t to_parent,
            const char* to, unsigned flags) {
  if ((flags & ~static_cast<unsigned>(RENAME_NOREPLACE)) != 0) {
    fuse_reply_err(request, EINVAL);
    return;
  }
  const bool replace = (flags & RENAME_NOREPLACE) == 0;
  ReplyStatus(request, TreeOf(request).Rename({from_parent}, from, {to_parent}, to, replace));
}

// Only files can be made so.
void MakeNode(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode,
              dev_t /*device*/) {
  if (!S_ISREG(mode)) {
    fuse_reply_err(request, EPERM);
    return;
  }
  Tree& tree = TreeOf(request);
  const Result<Tree::Created> created = tree.Create({parent}, name, O_WRONLY | O_EXCL);
  if (!created.ok()) return ReplyStatus(request, created.status());
  tree.Release(created.value().file);
  ReplyEntry(request, created.value().found);
}

void MakeSymbolicLink(fuse_req_t request, const char* /*target*/, fuse_ino_t /*parent*/,
                      const char* /*name*/) {
  fuse_reply_err(request, EPERM);
}

void MakeLink(fuse_req_t request, fuse_ino_t /*node*/, fuse_ino_t /*parent*/,
              const char* /*name*/) {
  fuse_reply_err(request, EPERM);
}

// --- folders -----------------------------------------------------------------------------------

// A reader of a folder sees it as it was when he opened it.
using Listing = std::vector<ListedName>;

void OpenFolder(fuse_req_t request, fuse_ino_t node, fuse_file_info* info) {
  Result<Listing> listing = TreeOf(request).List({node});
  if (!listing.ok()) return ReplyStatus(request, listing.status());
  auto* kept = new Listing(std::move(listing).value());
  info->fh = reinterpret_cast<uint64_t>(kept);
  if (fuse_reply_open(request, info) == -ENOENT) delete kept;
}

void ReadFolder(fuse_req_t request, fuse_ino_t /*node*/, size_t size, off_t offset,
                fuse_file_info* info) {
  const Listing& listing = *reinterpret_cast<const Listing*>(info->fh);
  std::vector<char> buffer(std::min<size_t>(size, kMaxTransferBytes));
  size_t used = 0;
  for (size_t i = static_cast<size_t>(offset); i < listing.size(); ++i) {
    struct stat stat {};
    stat.st_ino = listing[i].inode;
    stat.st_mode = listing[i].is_folder ? kFolderMode : kFileMode;
    const size_t length =
        fuse_add_direntry(request, buffer.data() + used, buffer.size() - used,
                          listing[i].name.c_str(), &stat, static_cast<off_t>(i + 1));
    if (length > buffer.size() - used) break;
    used += length;
  }
  fuse_reply_buf(request, buffer.data(), used);
}

void ReleaseFolder(fuse_req_t request, fuse_ino_t /*node*/, fuse_file_info* info) {
  delete reinterpret_cast<Listing*>(info->fh);
  fuse_reply_err(request, 0);
}

// Changes of names are durable when they return.
void SyncFolder(fuse_req_t request, fuse_ino_t /*node*/, int /*datasync*/,
                fuse_file_info* /*info*/) {
  fuse_reply_err(request, 0);
}

// --- files -------------------------------------------------------------------------------------

void Create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t /*mode*/,
            fuse_file_info* info) {
  Tree& tree = TreeOf(request);
  const Result<Tree::Created> created = tree.Create({parent}, name, info->flags);
  if (!created.ok()) return ReplyStatus(request, created.status());
  SetHandle(created.value().file, info);
  const fuse_entry_param entry = EntryOf(ContextOf(request), created.value().found);
  if (fuse_reply_create(request, &entry, info) == -ENOENT) {
    tree.Release(created.value().file);
    tree.Forget(created.value().found.node, 1);
  }
}

void Open(fuse_req_t request, fuse_ino_t node, fuse_file_info* info) {
  Tree& tree = TreeOf(request);
  const Result<OpenFile*> file = tree.Open({node}, info->flags);
  if (!file.ok()) return ReplyStatus(request, file.status());
  SetHandle(file.value(), info);
  if (fuse_reply_open(request, info) == -ENOENT) tree.Release(file.value());
}

void Read(fuse_req_t request, fuse_ino_t /*node*/, size_t size, off_t offset,
          fuse_file_info* info) {
  thread_local AlignedBuffer buffer(kMaxTransferBytes);
  if (!buffer.valid()) return ReplyStatus(request, Status::OutOfMemory("buffer for reading"));
  const Result<size_t> length =
      TreeOf(request).Read(*FileOf(info), static_cast<uint64_t>(offset),
                           buffer.span().first(std::min<size_t>(size, kMaxTransferBytes)));
  if (!length.ok()) return ReplyStatus(request, length.status());
  fuse_reply_buf(request, reinterpret_cast<const char*>(buffer.data()), length.value());
}

void Write(fuse_req_t request, fuse_ino_t node, const char* bytes, size_t size, off_t offset,
           fuse_file_info* info) {
  Tree& tree = TreeOf(request);
  const std::span<const uint8_t> span(reinterpret_cast<const uint8_t*>(bytes), size);
  const uint64_t at = static_cast<uint64_t>(offset);
  const Status written = info->writepage ? tree.WriteBack(*FileOf(info), at, span)
                                         : tree.Write(*FileOf(info), at, span);
  if (!written.ok()) return ReplyStatus(request, written);
  if (info->writepage && tree.ExpectsSync(*FileOf(info), size)) unfinished = {&tree, {node}};
  fuse_reply_write(request, size);
}

// Of each close(2), which hears what came of the file; releasing it would be too late for that.
void Flush(fuse_req_t request, fuse_ino_t /*node*/, fuse_file_info* info) {
  OpenFile& file = *FileOf(info);
  ReplyStatus(request, file.writable ? TreeOf(request).Sync(file) : Status::Ok());
}

void Sync(fuse_req_t request, fuse_ino_t /*node*/, int /*datasync*/, fuse_file_info* info) {
  TreeOf(request).SyncInTurn(*FileOf(info),
                             [request](const Status& status) { ReplyStatus(request, status); });
}

void Release(fuse_req_t request, fuse_ino_t /*node*/, fuse_file_info* info) {
  TreeOf(request).Release(FileOf(info));
  fuse_reply_err(request, 0);
}

void Allocate(fuse_req_t request, fuse_ino_t /*node*/, int mode, off_t offset, off_t length,
              fuse_file_info* info) {
  if ((mode & ~FALLOC_FL_KEEP_SIZE) != 0) {
    fuse_reply_err(request, EOPNOTSUPP);
    return;
  }
  const uint64_t size = static_cast<uint64_t>(offset) + static_cast<uint64_t>(length);
  const bool grow = (mode & FALLOC_FL_KEEP_SIZE) == 0;
  ReplyStatus(request, TreeOf(request).Allocate(*FileOf(info), size, grow));
}

}  // namespace

void FinishRequest() {
  const Unfinished left = std::exchange(unfinished, {});
  if (left.tree != nullptr) left.tree->SyncAhead(left.node);
}

const fuse_lowlevel_ops& MountOperations() {
  static const fuse_lowlevel_ops operations = [] {
    fuse_lowlevel_ops ops{};
    ops.init = Init;
    ops.lookup = Lookup;
    ops.forget = Forget;
    ops.getattr = GetAttributes;
    ops.setattr = SetAttributes;
    ops.statfs = StatFileSystem;
    ops.mkdir = MakeFolder;
    ops.unlink = Unlink;
    ops.rmdir = RemoveFolder;
    ops.rename = Rename;
    ops.mknod = MakeNode;
    ops.symlink = MakeSymbolicLink;
    ops.link = MakeLink;
    ops.opendir = OpenFolder;
    ops.readdir = ReadFolder;
    ops.releasedir = ReleaseFolder;
    ops.fsyncdir = SyncFolder;
    ops.create = Create;
    ops.open = Open;
    ops.read = Read;
    ops.write = Write;
    ops.flush = Flush;
    ops.fsync = Sync;
    ops.release = Release;
    ops.fallocate = Allocate;
    return ops;
  }();
  return operations;
}

}  // namespace ashlar
