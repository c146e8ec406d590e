#include "cpp/chunk/space_manager.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/chunk/store_core.h"
#include "cpp/chunk/store_identity.h"
#include "cpp/runtime/hop.h"

namespace ashlar {

SpaceManager::SpaceManager(StoreCore& core, Blobstore& blobstore, uint64_t reserve_pages)
    : core_(core), blobstore_(blobstore), reserve_pages_(reserve_pages) {}

// --- blobs of the device -----------------------------------------------------------------------

std::vector<DamagedBlob> SpaceManager::LoadBlobs() {
  std::vector<DamagedBlob> damaged;
  for (const BlobId id : blobstore_.blobs()) {
    const std::string name = FileName(blobstore_, id);
    const std::optional<uint64_t> number = SpaceFileNumber(name);
    if (!number) continue;
    next_file_number_ = std::max(next_file_number_, *number + 1);
    const Result<BlobInfo> info = blobstore_.Info(id);
    const Result<std::string> length = blobstore_.GetXattr(id, kLengthXattr);
    const std::optional<uint64_t> length_bytes =
        length.ok() ? DecodeLittle64(length.value()) : std::nullopt;
    Status status;
    if (!info.ok()) {
      status = info.status();
    } else if (info.value().access != BlobAccess::kReadWrite) {
      status = Status::NotSupported(info.value().access_reason);
    } else if (!length_bytes) {
      status = Status::Corrupt("it has no length");
    } else {
      status = TakeIn(id, *length_bytes).status();
    }
    if (!status.ok()) damaged.push_back({id.root(), name + ": " + status.ToString()});
  }
  return damaged;
}

// Makes the PrivateBlob of a blob, with all pages free, and publishes it.
Result<PrivateBlob*> SpaceManager::TakeIn(BlobId id, uint64_t length_bytes) {
  const Result<std::vector<ClusterIndex>> clusters = blobstore_.ClustersOf(id);
  if (!clusters.ok()) return clusters.status();
  const uint64_t cluster_bytes = blobstore_.cluster_bytes();
  const uint64_t pages =
      std::min(length_bytes, clusters.value().size() * cluster_bytes) / kPageBytes;
  if (pages == 0 || pages > UINT32_MAX) {
    return Status::Corrupt("it has " + std::to_string(pages) + " pages");
  }
  std::vector<uint64_t> offsets;
  offsets.reserve(clusters.value().size());
  for (const ClusterIndex cluster : clusters.value()) {
    offsets.push_back(blobstore_.OffsetOfCluster(cluster));
  }
  const auto cluster_shift = static_cast<uint32_t>(std::countr_zero(cluster_bytes / kPageBytes));
  auto blob = std::make_unique<PrivateBlob>(id.root(), static_cast<uint32_t>(pages), cluster_shift,
                                            std::move(offsets));
  ASHLAR_RETURN_IF_ERROR(core_.Publish(blob.get()));
  PrivateBlob* taken_in = blob.get();
  blobs_[id.root().value] = std::move(blob);
  private_blobs_.store(blobs_.size(), std::memory_order_relaxed);
  private_pages_.store(private_pages() + pages, std::memory_order_relaxed);
  return taken_in;
}

std::vector<PrivateBlob*> SpaceManager::Blobs() const {
  std::vector<PrivateBlob*> blobs;
  blobs.reserve(blobs_.size());
  for (const auto& [root, blob] : blobs_) blobs.push_back(blob.get());
  std::sort(blobs.begin(), blobs.end(),
            [](const PrivateBlob* a, const PrivateBlob* b) { return a->root < b->root; });
  return blobs;
}

PrivateBlob* SpaceManager::Find(uint32_t root) const {
  const auto found = blobs_.find(root);
  return found == blobs_.end() ? nullptr : found->second.get();
}

// --- the queue of work ---------------------------------------------------------------------------

void SpaceManager::Request(SpaceRequest* request) {
  request->run = &OnRequest;
  core_.At(0).reactor().Post(request);
}

void SpaceManager::OnRequest(Message* message) {
  auto* request = static_cast<SpaceRequest*>(message);
  SpaceManager& self = request->from->core().space();
  request->next_request = nullptr;
  (self.first_request_ == nullptr ? self.first_request_ : self.last_request_->next_request) =
      request;
  self.last_request_ = request;
  self.StartWork();
}

void SpaceManager::Return(PrivateBlob* blob) {
  blob->message.blob = blob;
  blob->message.manager = this;
  blob->message.run = &OnReturn;
  core_.At(0).reactor().Post(&blob->message);
}

void SpaceManager::OnReturn(Message* message) {
  const auto* from = static_cast<BlobMessage*>(message);
  from->manager->returned_.Push(from->blob);
  from->manager->StartWork();
}

void SpaceManager::StartWork() {
  if (working_) return;
  working_ = true;
  Spawn(Work(), [this](bool) {
    working_ = false;
    if (settled_) std::exchange(settled_, {}).resume();
  });
}

Task<bool> SpaceManager::Work() {
  while (true) {
    if (SpaceRequest* request = first_request_; request != nullptr) {
      first_request_ = request->next_request;
      co_await Serve(*request);
    } else if (PrivateBlob* blob = returned_.Pop(); blob != nullptr) {
      co_await DeleteBlob(*blob);
    } else {
      break;
    }
  }
  FreeRetired();
  co_return true;
}

Task<bool> SpaceManager::Settle() {
  struct Settled {
    SpaceManager& self;
    bool await_ready() const noexcept { return !self.working_; }
    void await_suspend(std::coroutine_handle<> awaiting) { self.settled_ = awaiting; }
    void await_resume() const noexcept {}
  };
  Settled settled{*this};
  co_await settled;
  co_return true;
}

// --- requests ------------------------------------------------------------------------------------

Task<bool> SpaceManager::Serve(SpaceRequest& request) {
  Status status = co_await GrantNewOrReturned(request);
  if (!status.ok() && request.missing_pages > 0) {
    co_await CollectFromOthers(request);
    if (request.granted_pages >= request.missing_pages) status = Status::Ok();
  }
  request.code = status.code();
  request.sys_errno = status.sys_errno();
  Reply(request);
  co_return true;
}

// At least one blob, and as many as there are pages missing.
Task<Status> SpaceManager::GrantNewOrReturned(SpaceRequest& request) {
  do {
    if (GrantReturned(request)) continue;
    const uint64_t clusters = ClustersForNewBlob(request);
    if (clusters == 0) co_return Status::OutOfSpace();
    Result<PrivateBlob*> blob = co_await CreateBlob(clusters);
    if (!blob.ok()) co_return blob.status();
    Grant(request, blob.value());
  } while (request.granted_pages < request.missing_pages);
  co_return Status::Ok();
}

// No space is left, but other reactors may have more than they use.
Task<bool> SpaceManager::CollectFromOthers(SpaceRequest& request) {
  for (uint32_t i = 0; i < core_.reactor_count(); ++i) {
    StoreReactor& other = core_.At(i);
    // What is being laid out can be had when that is done.
    bool has_more = &other != request.from;
    while (has_more && request.granted_pages < request.missing_pages) {
      Hop hop(other.reactor(), [&] {
        request.granted_pages +=
            other.LetGo(request.missing_pages - request.granted_pages, &request.granted);
        has_more = other.is_laying_out();
      });
      co_await hop;
    }
  }
  // What they returned before we asked them has arrived here with the answer.
  while (request.granted_pages < request.missing_pages && GrantReturned(request)) {
  }
  co_return true;
}

bool SpaceManager::GrantReturned(SpaceRequest& request) {
  PrivateBlob* blob = returned_.Pop();
  if (blob == nullptr) return false;
  // It was published before, so its place in the directory exists.
  ASHLAR_CHECK(core_.Publish(blob).ok());
  Grant(request, blob);
  return true;
}

void SpaceManager::Grant(SpaceRequest& request, PrivateBlob* blob) {
  request.granted.Push(blob);
  request.granted_pages += blob->bitmap.free_pages();
}

void SpaceManager::Reply(SpaceRequest& request) {
  request.run = [](Message* message) {
    auto* answered = static_cast<SpaceRequest*>(message);
    answered->from->OnSpaceReply(*answered);
  };
  request.from->reactor().Post(&request);
}

// 64 MiB, and less when that would leave the other reactors without; 0 when nothing may be taken.
uint64_t SpaceManager::ClustersForNewBlob(const SpaceRequest& request) const {
  const bool in_advance = request.missing_pages == 0;
  const uint64_t free = blobstore_.free_clusters();
  const uint64_t reserve = core_.ReserveNow();
  if (free <= reserve) return 0;
  if (reserve_pages_ > 0 && blobstore_.free_metadata_pages() <= reserve_pages_) return 0;
  if (request.for_runs && free <= blobstore_.data_clusters() / 4) return 0;
  const uint64_t usable = free - reserve;
  const uint64_t full = std::max(uint64_t{1}, kBlobBytes / blobstore_.cluster_bytes());
  const uint64_t clusters = std::clamp(usable / (2 * core_.reactor_count()), uint64_t{1}, full);
  return in_advance && clusters < full ? 0 : clusters;
}

// The blobstore's flush covers what the files of the device have written, so its failure is theirs.
Status SpaceManager::AfterChange(Status status) {
  if (!blobstore_.failure().ok()) core_.OnDeviceFailure(blobstore_.failure());
  return status;
}

Task<Result<PrivateBlob*>> SpaceManager::CreateBlob(uint64_t clusters) {
  const uint64_t length_bytes = clusters * blobstore_.cluster_bytes();
  BlobCreateOptions options;
  options.clusters = clusters;
  options.xattrs = FileXattrs(SpaceFileName(next_file_number_++), length_bytes);
  Result<BlobId> id = co_await blobstore_.Create(options);
  if (!id.ok()) co_return AfterChange(id.status());
  Result<PrivateBlob*> blob = TakeIn(id.value(), length_bytes);
  if (!blob.ok()) {
    const Status deleted = co_await blobstore_.Delete(id.value());
    if (!deleted.ok()) co_return AfterChange(deleted);
  }
  co_return blob;
}

Task<bool> SpaceManager::DeleteBlob(PrivateBlob& blob) {
  const MetadataPageIndex root = blob.root;
  // The directory forgot it before it was returned. A reactor may have looked it up in the turn it
  // is in, so each one takes another turn before the memory may go.
  for (uint32_t i = 0; i < core_.reactor_count(); ++i) {
    Hop hop(core_.At(i).reactor(), [] {});
    co_await hop;
  }
  private_pages_.store(private_pages() - blob.pages, std::memory_order_relaxed);
  const auto found = blobs_.find(root.value);
  retired_.push_back(Retired{std::move(found->second), {}});
  blobs_.erase(found);
  private_blobs_.store(blobs_.size(), std::memory_order_relaxed);
  // A failure is the blobstore's: it stays and every later change meets it. The clusters come back
  // when the device is opened again and the blob is found empty.
  const Status deleted = co_await blobstore_.Delete(BlobId::FromRoot(root));
  if (!AfterChange(deleted).ok()) core_.CountInternalError();
  FreeRetired();
  co_return true;
}

void SpaceManager::FreeRetired() {
  std::erase_if(retired_, [](Retired& retired) { return retired.grace.Over(); });
}

}  // namespace ashlar
