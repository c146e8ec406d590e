// Create, delete, resize, xattrs, sync and close: what changes in memory, and when.
#include <algorithm>
#include <utility>

#include "cpp/blobstore/blobstore_impl.h"

namespace ashlar {

namespace {

// Pages that Create leaves for changing and shrinking what is there when the region is full.
constexpr uint64_t kReservedPages = 4;

Status CheckXattr(std::string_view name, std::string_view value) {
  if (name.empty()) return Status::InvalidArgument("an xattr needs a name");
  if (name.size() + value.size() > format::kMaxXattrBytes) {
    return Status::InvalidArgument("xattr '" + std::string(name.substr(0, 64)) + "' has " +
                                   std::to_string(name.size()) + " + " +
                                   std::to_string(value.size()) + " bytes of name and value; " +
                                   std::to_string(format::kMaxXattrBytes) + " fit");
  }
  return Status::Ok();
}

Status CheckXattrs(const std::vector<Xattr>& xattrs) {
  for (size_t i = 0; i < xattrs.size(); ++i) {
    ASHLAR_RETURN_IF_ERROR(CheckXattr(xattrs[i].name, xattrs[i].value));
    for (size_t j = 0; j < i; ++j) {
      if (xattrs[i].name == xattrs[j].name) {
        return Status::InvalidArgument("xattr '" + xattrs[i].name + "' is given twice");
      }
    }
  }
  return Status::Ok();
}

}  // namespace

Status Blobstore::Impl::CheckMutable() const {
  if (closed_) return Status::Closed("the blobstore on " + io_.info().name + " is closed");
  if (read_only_) return Status::ReadOnly(io_.info().name + " was opened read-only");
  return failure_;
}

Result<Blobstore::Impl::Blob*> Blobstore::Impl::FindWritable(BlobId id) {
  ASHLAR_RETURN_IF_ERROR(CheckMutable());
  Blob* blob = Find(id);
  if (blob == nullptr) return NoSuchBlob(id);
  if (blob->access != BlobAccess::kReadWrite) {
    return Status::ReadOnly("blob " + std::to_string(id.value) +
                            " cannot be changed: " + blob->access_reason);
  }
  return blob;
}

// What is on the device now is not certain: nothing is built on it.
Status Blobstore::Impl::Fail(Status status) {
  if (!status.ok() && failure_.ok()) failure_ = status;
  return status;
}

uint64_t Blobstore::Impl::FreeClusters(bool with_reserve) const {
  const uint64_t all = used_clusters_.clear_count();
  return all - (with_reserve ? 0 : std::min(all, reserve_clusters_));
}

Result<std::vector<uint32_t>> Blobstore::Impl::TakeClusters(uint64_t count, bool may_use_reserve) {
  if (count > 0 && report_.allocation_refused) {
    return Status::OutOfSpace(
        "nothing is given out: a damaged blob may own any of the unowned clusters");
  }
  if (const uint64_t free = FreeClusters(may_use_reserve); count > free) {
    return Status::OutOfSpace(std::to_string(count) + " clusters needed, " + std::to_string(free) +
                              " of " + std::to_string(used_clusters_.size()) + " free");
  }
  std::vector<uint32_t> clusters;
  clusters.reserve(count);
  uint64_t from = 0;
  while (clusters.size() < count) {
    const uint64_t cluster = used_clusters_.FindClear(from);
    used_clusters_.Set(cluster);
    clusters.push_back(static_cast<uint32_t>(cluster));
    from = cluster + 1;
  }
  return clusters;
}

void Blobstore::Impl::GiveBackClusters(const std::vector<uint32_t>& clusters) {
  for (const uint32_t cluster : clusters) used_clusters_.Clear(cluster);
}

void Blobstore::Impl::CountFree() {
  const uint64_t clusters = report_.allocation_refused ? 0 : FreeClusters(false);
  free_clusters_.store(clusters, std::memory_order_relaxed);
  free_metadata_pages_.store(used_pages_.clear_count(), std::memory_order_relaxed);
}

Task<Result<BlobId>> Blobstore::Impl::Create(const BlobCreateOptions& options) {
  const AsyncMutex::Guard guard = co_await mutex_.Lock();
  const Recount recount(*this);
  Status status = CheckMutable();
  if (status.ok()) status = CheckXattrs(options.xattrs);
  if (!status.ok()) co_return status;
  if (report_.allocation_refused) co_return TakeClusters(1).status();
  const uint64_t root = used_pages_.FindClear(0);
  if (root == Bitmap::kNone) {
    co_return Status::OutOfSpace("all " + std::to_string(used_pages_.size()) +
                                 " metadata pages are used");
  }
  Result<std::vector<uint32_t>> clusters = TakeClusters(options.clusters, options.may_use_reserve);
  if (!clusters.ok()) co_return clusters.status();

  BlobMetadata metadata;
  metadata.id = BlobId::FromRoot(MetadataPageIndex{static_cast<uint32_t>(root)});
  metadata.xattrs = options.xattrs;
  metadata.clusters = std::move(clusters).value();
  const std::vector<uint32_t> taken = metadata.clusters;
  used_pages_.Set(root);
  Result<UpdatePlan> plan = PlanUpdate(nullptr, std::move(metadata), kReservedPages, &used_pages_);
  if (!plan.ok()) {
    used_pages_.Clear(root);
    GiveBackClusters(taken);
    co_return plan.status();
  }
  status = co_await MarkDirty();
  if (status.ok()) status = co_await WriteUpdate(*plan);
  if (!status.ok()) co_return Fail(status);

  Blob& blob = blobs_[static_cast<uint32_t>(root)];
  blob.durable = std::move(plan->next);
  blob.xattrs = blob.durable.xattrs;
  co_return blob.durable.id;
}

Task<Status> Blobstore::Impl::Delete(BlobId id) {
  const AsyncMutex::Guard guard = co_await mutex_.Lock();
  const Recount recount(*this);
  Result<Blob*> found = FindWritable(id);
  if (!found.ok()) co_return found.status();
  const BlobMetadata& durable = (*found)->durable;
  Status status = co_await MarkDirty();
  if (status.ok()) status = co_await WriteRemoval(durable);
  if (!status.ok()) co_return Fail(status);

  used_pages_.Clear(id.root().value);
  for (const uint32_t page : durable.chain_pages) used_pages_.Clear(page);
  for (const uint32_t page : durable.extent_pages) used_pages_.Clear(page);
  GiveBackClusters(durable.clusters);
  GiveBackClusters((*found)->spares);
  blobs_.erase(id.root().value);
  co_return Status::Ok();
}

Task<Status> Blobstore::Impl::Resize(BlobId id, uint64_t clusters) {
  const AsyncMutex::Guard guard = co_await mutex_.Lock();
  const Recount recount(*this);
  Result<Blob*> found = FindWritable(id);
  if (!found.ok()) co_return found.status();
  BlobMetadata& durable = (*found)->durable;
  if (clusters == durable.cluster_count) co_return Status::Ok();

  BlobMetadata next = durable;
  std::vector<uint32_t> taken;
  std::vector<uint32_t> dropped;
  if (clusters > durable.cluster_count) {
    Result<std::vector<uint32_t>> more = TakeClusters(clusters - durable.cluster_count);
    if (!more.ok()) co_return more.status();
    taken = std::move(more).value();
    next.clusters.insert(next.clusters.end(), taken.begin(), taken.end());
  } else {
    const auto end = next.clusters.begin() + static_cast<ptrdiff_t>(clusters);
    dropped.assign(end, next.clusters.end());
    next.clusters.erase(end, next.clusters.end());
  }
  Result<UpdatePlan> plan = PlanUpdate(&durable, std::move(next), 0, &used_pages_);
  if (!plan.ok()) {
    GiveBackClusters(taken);
    co_return plan.status();
  }
  Status status = co_await MarkDirty();
  if (status.ok()) status = co_await WriteUpdate(*plan);
  if (!status.ok()) co_return Fail(status);

  for (const uint32_t page : plan->released_pages) used_pages_.Clear(page);
  GiveBackClusters(dropped);
  durable = std::move(plan->next);
  co_return Status::Ok();
}

Result<ClusterIndex> Blobstore::Impl::TakeSpare(BlobId id) {
  const Recount recount(*this);
  Result<Blob*> found = FindWritable(id);
  if (!found.ok()) return found.status();
  const Result<std::vector<uint32_t>> taken = TakeClusters(1);
  if (!taken.ok()) return taken.status();
  (*found)->spares.push_back(taken.value()[0]);
  return ClusterIndex{taken.value()[0]};
}

Status Blobstore::Impl::SetXattr(BlobId id, std::string_view name, std::string_view value) {
  Result<Blob*> found = FindWritable(id);
  if (!found.ok()) return found.status();
  ASHLAR_RETURN_IF_ERROR(CheckXattr(name, value));
  Blob& blob = **found;
  const auto it = std::find_if(blob.xattrs.begin(), blob.xattrs.end(),
                               [&](const Xattr& xattr) { return xattr.name == name; });
  if (it == blob.xattrs.end()) {
    blob.xattrs.push_back({std::string(name), std::string(value)});
  } else {
    it->value = value;
  }
  blob.needs_sync = true;
  return Status::Ok();
}

Status Blobstore::Impl::RemoveXattr(BlobId id, std::string_view name) {
  Result<Blob*> found = FindWritable(id);
  if (!found.ok()) return found.status();
  Blob& blob = **found;
  const size_t removed =
      std::erase_if(blob.xattrs, [&](const Xattr& xattr) { return xattr.name == name; });
  if (removed == 0) {
    return Status::NotFound("blob " + std::to_string(id.value) + " has no xattr '" +
                            std::string(name) + "'");
  }
  blob.needs_sync = true;
  return Status::Ok();
}

Task<Status> Blobstore::Impl::SyncMetadata(BlobId id) {
  const AsyncMutex::Guard guard = co_await mutex_.Lock();
  const Recount recount(*this);
  Result<Blob*> found = FindWritable(id);
  if (!found.ok()) co_return found.status();
  co_return co_await SyncBlob(*found, {}, false);
}

Task<Status> Blobstore::Impl::SyncData(BlobId id, DataChange change) {
  const AsyncMutex::Guard guard = co_await mutex_.Lock();
  const Recount recount(*this);
  Result<Blob*> found = FindWritable(id);
  if (!found.ok()) co_return found.status();
  for (const ClusterMove& move : change.moves) {
    if (std::ranges::count(found.value()->spares, move.spare.value) != 1) {
      co_return Status::InvalidArgument("cluster " + std::to_string(move.spare.value) +
                                        " is no spare of blob " + std::to_string(id.value));
    }
  }
  for (const Xattr& xattr : change.xattrs) {
    const Status set = SetXattr(id, xattr.name, xattr.value);
    if (!set.ok()) co_return set;
  }
  for (const std::string& name : change.removed) {
    const Status gone = RemoveXattr(id, name);
    if (!gone.ok() && gone.code() != StatusCode::kNotFound) co_return gone;
  }
  co_return co_await SyncBlob(*found, change.moves, true);
}

Task<Status> Blobstore::Impl::SyncBlob(Blob* blob, std::span<const ClusterMove> moves,
                                       bool flush_first) {
  if (!blob->needs_sync && moves.empty()) co_return Status::Ok();
  BlobMetadata next = blob->durable;
  next.xattrs = blob->xattrs;
  std::vector<uint32_t> dropped;
  for (const ClusterMove& move : moves) {
    uint32_t old = static_cast<uint32_t>(move.spare.value);
    if (move.index_in_blob < next.clusters.size()) {
      std::swap(old, next.clusters[move.index_in_blob]);
    }
    dropped.push_back(old);
  }
  Result<UpdatePlan> plan = PlanUpdate(&blob->durable, std::move(next), 0, &used_pages_);
  if (!plan.ok()) co_return plan.status();
  blob->needs_sync = false;  // xattrs set while we write need another sync
  Status status = co_await MarkDirty();
  if (status.ok()) status = co_await WriteUpdate(*plan, flush_first);
  if (!status.ok()) {
    blob->needs_sync = true;
    co_return Fail(status);
  }
  for (const uint32_t page : plan->released_pages) used_pages_.Clear(page);
  for (const ClusterMove& move : moves) std::erase(blob->spares, move.spare.value);
  GiveBackClusters(dropped);
  blob->durable = std::move(plan->next);
  co_return Status::Ok();
}

Task<Status> Blobstore::Impl::Close() {
  const AsyncMutex::Guard guard = co_await mutex_.Lock();
  const Recount recount(*this);
  if (closed_) co_return Status::Ok();
  if (!failure_.ok() || read_only_) {
    closed_ = true;
    co_return failure_;
  }
  for (auto& [root, blob] : blobs_) {
    if (blob.access != BlobAccess::kReadWrite) continue;
    GiveBackClusters(std::exchange(blob.spares, {}));
    const Status status = co_await SyncBlob(&blob, {}, false);
    if (!status.ok()) co_return status;
  }
  closed_ = true;
  if (changed_ && !report_.allocation_refused) {
    Status status = co_await MarkClean();
    if (!status.ok()) co_return Fail(status);
  }
  co_return Status::Ok();
}

}  // namespace ashlar
