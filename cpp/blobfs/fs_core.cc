#include "cpp/blobfs/fs_core.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "cpp/blobfs/file_format.h"
#include "cpp/blobfs/log_format.h"
#include "cpp/blobfs/random_id.h"
#include "cpp/blobfs/read_ahead.h"

namespace ashlar {

namespace {

// A database has a log or two for each time it comes upon a full device.
constexpr uint64_t kMostLogReserve = 4;

uint64_t NowUs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

FsCore::FsCore(const BlobFsParts& parts, const BlobFsOptions& options,
               std::unique_ptr<FsVolume> volume)
    : options_(options),
      volume_(std::move(volume)),
      blobs_(*parts.home, *parts.blobstore),
      io_(*parts.device, parts.lanes),
      buffers_(options.buffer_bytes),
      services_{io_, blobs_, buffers_, options.flush_writes_tail} {
  const BlobstoreOpenReport& opened = parts.blobstore->open_report();
  report_.was_clean = opened.was_clean;
  for (const DamagedBlob& blob : opened.damaged) {
    report_.damage.push_back("blob " + std::to_string(blob.root.value) + ": " + blob.reason);
  }
}

Status FsCore::NoSuchFile(std::string_view name) {
  return Status::NotFound("no file " + std::string(name));
}

// names_mutex_ is held.
Status FsCore::CheckOpen() const {
  return closed_ ? Status::Closed("the file system on " + io_.info().name + " is closed")
                 : Status::Ok();
}

// change_mutex_ is held.
Status FsCore::CheckMutable() const {
  if (closed_for_change_) {
    return Status::Closed("the file system on " + io_.info().name + " is closed");
  }
  if (report_.read_only) {
    return Status::ReadOnly("the file system on " + io_.info().name +
                            " is read-only: " + report_.read_only_reason);
  }
  return blobs_.failure();
}

FsCore::Node FsCore::Find(std::string_view name) const {
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

FsCore::Node FsCore::FindAndPin(std::string_view name) const {
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  const auto found = names_.find(name);
  if (found == names_.end() || closed_) return nullptr;
  found->second->Pin();
  return found->second;
}

// --- looking -----------------------------------------------------------------------------------

bool FsCore::Exists(std::string_view name) const { return Find(name) != nullptr; }

bool FsCore::IsDirectory(std::string_view name) const {
  const std::string prefix = name.ends_with('/') ? std::string(name) : std::string(name) + "/";
  if (prefix == "/") return true;
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  const auto next = names_.lower_bound(prefix);
  return next != names_.end() && next->first.starts_with(prefix);
}

std::vector<std::string> FsCore::List(std::string_view prefix) const {
  std::vector<std::string> found;
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  for (auto it = names_.lower_bound(prefix); it != names_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    found.push_back(it->first);
  }
  return found;
}

std::string FsCore::NameOf(const FileNode& node) const {
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  return node.name;
}

Result<FileStat> FsCore::Stat(std::string_view name) {
  const Node node = FindAndPin(name);
  if (node == nullptr) {
    std::shared_lock<std::shared_mutex> names(names_mutex_);
    ASHLAR_RETURN_IF_ERROR(CheckOpen());
    return NoSuchFile(name);
  }
  const Status loaded =
      node->unusable().ok() && node->needs_load_for_size() ? node->Load() : Status::Ok();
  FileStat stat;
  stat.name = name;
  stat.size_bytes = node->size();
  stat.allocated_bytes = node->allocated_bytes();
  stat.mtime_us = node->mtime_us();
  stat.kind = node->kind();
  stat.id = node->id();
  Release(node);
  if (!loaded.ok()) return loaded;
  return stat;
}

Result<FsSpace> FsCore::Space() {
  std::lock_guard<std::mutex> change(change_mutex_);
  if (closed_for_change_) {
    return Status::Closed("the file system on " + io_.info().name + " is closed");
  }
  const BlobClient::Numbers numbers = blobs_.ReadNumbers();
  FsSpace space;
  space.cluster_bytes = blobs_.cluster_bytes();
  space.total_bytes = numbers.data_clusters * space.cluster_bytes;
  space.free_bytes = numbers.free_clusters * space.cluster_bytes;
  space.free_files = numbers.free_metadata_pages;
  space.buffer_bytes = buffers_.bytes();
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  space.files = names_.size();
  return space;
}

Status FsCore::ReserveForLogs() {
  std::lock_guard<std::mutex> change(change_mutex_);
  if (closed_for_change_) {
    return Status::Closed("the file system on " + io_.info().name + " is closed");
  }
  blobs_.SetReserve(std::min(kMostLogReserve, blobs_.ReadNumbers().data_clusters / 16));
  return Status::Ok();
}

DeviceCounters FsCore::counters() const {
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  return closed_ ? DeviceCounters() : io_.counters();
}

// --- opening -----------------------------------------------------------------------------------

Result<std::unique_ptr<File>> FsCore::Open(std::string_view name, const OpenOptions& options) {
  if (options.read_ahead_bytes > ReadAhead::kMaxBytes) {
    return Status::InvalidArgument("read_ahead_bytes is " +
                                   std::to_string(options.read_ahead_bytes) +
                                   "; give at most 4194304");
  }
  Result<Node> pinned = PinForOpen(name, options);
  if (!pinned.ok()) return pinned.status();
  const Node node = std::move(pinned).value();
  const bool writable = options.mode != OpenMode::kRead;
  Status status = node->Load();
  if (status.ok() && writable) status = node->OpenWriter();
  if (!status.ok()) {
    Release(node);
    return status;
  }
  std::unique_ptr<ReadAhead> read_ahead;
  if (options.read_ahead_bytes > 0) {
    read_ahead = std::make_unique<ReadAhead>(&buffers_, options.read_ahead_bytes);
  }
  return std::unique_ptr<File>(new File(shared_from_this(), node, writable, std::move(read_ahead)));
}

// The file as the mode wants it, pinned.
Result<FsCore::Node> FsCore::PinForOpen(std::string_view name, const OpenOptions& options) {
  const bool may_create = options.mode != OpenMode::kRead && options.mode != OpenMode::kWrite;
  if (!may_create) {
    const Node node = FindAndPin(name);
    if (node != nullptr) {
      if (options.mode == OpenMode::kWrite && report_.read_only) {
        Release(node);
        return Status::ReadOnly("the file system on " + io_.info().name +
                                " is read-only: " + report_.read_only_reason);
      }
      return node;
    }
    std::shared_lock<std::shared_mutex> names(names_mutex_);
    ASHLAR_RETURN_IF_ERROR(CheckOpen());
    return NoSuchFile(name);
  }
  std::lock_guard<std::mutex> change(change_mutex_);
  ASHLAR_RETURN_IF_ERROR(CheckMutable());
  const Node old = Find(name);
  if (old != nullptr && options.mode == OpenMode::kCreateNew) {
    return Status::AlreadyExists("there is a file " + std::string(name));
  }
  if (old != nullptr && options.mode == OpenMode::kCreateOrWrite) {
    if (Node node = FindAndPin(name); node != nullptr) return node;
  }
  ASHLAR_RETURN_IF_ERROR(CheckFileName(name));
  Result<Node> created = CreateLocked(name, options, true);
  if (!created.ok() || old == nullptr) return created;
  const Status dropped = Drop(old);
  if (dropped.ok()) return created;
  Release(created.value());
  return dropped;
}

Result<FsCore::Node> FsCore::CreateLocked(std::string_view name, const OpenOptions& options,
                                          bool pinned) {
  FileMetadata metadata;
  metadata.name = name;
  metadata.id = FileId{RandomId()};
  metadata.generation = ++last_generation_;
  metadata.mtime_us = NowUs();
  if (options.kind == FileKind::kLog) {
    const DeviceInfo& info = io_.info();
    metadata.log.emplace();
    metadata.log->unit_bytes =
        std::clamp(info.atomic_write_bytes, kMinLogUnitBytes, kMaxLogUnitBytes);
    metadata.log->log_id = RandomId();
  }
  const uint64_t wanted =
      DivideRoundUp(metadata.framing().UnitsEnd(options.preallocate_bytes), blobs_.cluster_bytes());
  Result<BlobId> id = CreateBlob(metadata, std::max<uint64_t>(wanted, 1));
  // The space is only a wish.
  for (uint64_t less : {1, 0}) {
    if (!id.ok() && id.status().code() == StatusCode::kOutOfSpace) id = CreateBlob(metadata, less);
  }
  if (!id.ok()) return id.status();
  const Node node = std::make_shared<FileNode>(services_, id.value(), metadata, 0, Status::Ok());
  ASHLAR_RETURN_IF_ERROR(node->LoadNew());
  if (pinned) node->Pin();
  std::lock_guard<std::shared_mutex> names(names_mutex_);
  names_.insert_or_assign(metadata.name, node);
  return node;
}

// Name and length are in the first version of the root page (R7).
Result<BlobId> FsCore::CreateBlob(const FileMetadata& metadata, uint64_t clusters) {
  BlobCreateOptions create;
  create.clusters = clusters;
  create.xattrs = EncodeFileMetadata(metadata);
  create.may_use_reserve = metadata.log.has_value() && clusters == 1;
  return blobs_.Create(create);
}

// --- changing names ----------------------------------------------------------------------------

Status FsCore::Rename(std::string_view from, std::string_view to) {
  std::lock_guard<std::mutex> change(change_mutex_);
  ASHLAR_RETURN_IF_ERROR(CheckMutable());
  const Node node = Find(from);
  if (node == nullptr) return NoSuchFile(from);
  ASHLAR_RETURN_IF_ERROR(CheckFileName(to));
  if (from == to) return Status::Ok();
  // One root page makes the new name count and the old file of that name lose (R9).
  const uint64_t generation = ++last_generation_;
  const std::vector<Xattr> xattrs = {NameXattr(to), GenerationXattr(generation)};
  ASHLAR_RETURN_IF_ERROR(blobs_.Commit(node->blob(), xattrs));
  Node loser;
  {
    std::lock_guard<std::shared_mutex> names(names_mutex_);
    names_.erase(names_.find(from));
    Node& place = names_[std::string(to)];
    loser = std::exchange(place, node);
    node->name = to;
    node->generation = generation;
  }
  return loser == nullptr ? Status::Ok() : Drop(loser);
}

Status FsCore::Delete(std::string_view name) {
  std::lock_guard<std::mutex> change(change_mutex_);
  ASHLAR_RETURN_IF_ERROR(CheckMutable());
  Node node;
  {
    std::lock_guard<std::shared_mutex> names(names_mutex_);
    const auto found = names_.find(name);
    if (found == names_.end()) return NoSuchFile(name);
    node = found->second;
    names_.erase(found);
  }
  const Status dropped = Drop(node);
  if (!dropped.ok()) {
    // It may be there after the next open, so it is there now.
    std::lock_guard<std::shared_mutex> names(names_mutex_);
    orphans_.erase(node);
    names_.insert_or_assign(node->name, node);
  }
  return dropped;
}

// change_mutex_ is held; the index has forgotten the file. Handles keep it, but no crash brings it
// back.
Status FsCore::Drop(const Node& node) {
  {
    std::lock_guard<std::shared_mutex> names(names_mutex_);
    orphans_.insert(node);
  }
  if (node->pinned()) {
    const std::vector<Xattr> xattrs = {DeletedXattr()};
    ASHLAR_RETURN_IF_ERROR(blobs_.Commit(node->blob(), xattrs));
  }
  return node->Doom() ? RemoveBlob(node) : Status::Ok();
}

Status FsCore::RemoveBlob(const Node& node) {
  [[maybe_unused]] const Status unwritten = node->Shutdown(false);
  const Status removed = blobs_.Delete(node->blob());
  std::lock_guard<std::shared_mutex> names(names_mutex_);
  orphans_.erase(node);
  return removed;
}

void FsCore::Release(const std::shared_ptr<FileNode>& node) {
  if (!node->Unpin()) return;
  // Nobody may be told of a failure here: it sticks in the blobstore, and the mark in the root page
  // makes the next open remove the file.
  std::lock_guard<std::mutex> change(change_mutex_);
  if (closed_for_change_) return;
  [[maybe_unused]] const Status removed = RemoveBlob(node);
}

// --- locks -------------------------------------------------------------------------------------

Result<std::unique_ptr<FileLock>> FsCore::Lock(std::string_view name) {
  std::lock_guard<std::mutex> change(change_mutex_);
  ASHLAR_RETURN_IF_ERROR(CheckMutable());
  ASHLAR_RETURN_IF_ERROR(CheckFileName(name));
  {
    std::lock_guard<std::shared_mutex> names(names_mutex_);
    if (locked_names_.contains(name)) {
      return Status::Busy(std::string(name) + " is locked in this process already");
    }
  }
  if (Find(name) == nullptr) {
    ASHLAR_RETURN_IF_ERROR(CreateLocked(name, OpenOptions(), false).status());
  }
  std::lock_guard<std::shared_mutex> names(names_mutex_);
  locked_names_.emplace(name);
  return std::unique_ptr<FileLock>(new FileLock(shared_from_this(), std::string(name)));
}

void FsCore::Unlock(const std::string& name) {
  std::lock_guard<std::shared_mutex> names(names_mutex_);
  locked_names_.erase(name);
}

// --- closing -----------------------------------------------------------------------------------

std::vector<FsCore::Node> FsCore::AllNodes() const {
  std::shared_lock<std::shared_mutex> names(names_mutex_);
  std::vector<Node> nodes(orphans_.begin(), orphans_.end());
  for (const auto& [name, node] : names_) nodes.push_back(node);
  return nodes;
}

// change_mutex_ is held.
Status FsCore::Shutdown(bool write) {
  closed_for_change_ = true;
  {
    std::lock_guard<std::shared_mutex> names(names_mutex_);
    closed_ = true;
  }
  Status first;
  for (const Node& node : AllNodes()) {
    const Status status = node->Shutdown(write);
    if (first.ok()) first = status;
  }
  return first.ok() ? blobs_.failure() : first;
}

Status FsCore::Close() {
  std::lock_guard<std::mutex> change(change_mutex_);
  if (closed_for_change_) {
    return Status::Closed("the file system on " + io_.info().name + " is closed");
  }
  Status status = Shutdown(!report_.read_only);
  // Files without a name whose handles are still there.
  const std::set<Node> orphans = [this] {
    std::shared_lock<std::shared_mutex> names(names_mutex_);
    return orphans_;
  }();
  for (const Node& node : orphans) {
    const Status removed = RemoveBlob(node);
    if (status.ok()) status = removed;
  }
  if (volume_ != nullptr && !blobs_.broken()) {
    const Status closed = volume_->Close();
    if (status.ok()) status = closed;
  }
  volume_.reset();
  return status;
}

void FsCore::Abandon() {
  std::lock_guard<std::mutex> change(change_mutex_);
  if (closed_for_change_) return;
  [[maybe_unused]] const Status nothing = Shutdown(false);
  volume_.reset();
}

}  // namespace ashlar
