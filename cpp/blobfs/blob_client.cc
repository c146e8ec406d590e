#include "cpp/blobfs/blob_client.h"

#include <utility>

#include "cpp/runtime/task.h"

namespace ashlar {

std::vector<BlobClient::Blob> BlobClient::LoadAll() {
  return BlockOn(home_, [this]() -> Task<std::vector<Blob>> {
    std::vector<Blob> blobs;
    for (const BlobId id : blobstore_.blobs()) {
      Result<BlobInfo> info = blobstore_.Info(id);
      Result<std::vector<Xattr>> xattrs = blobstore_.Xattrs(id);
      if (!info.ok() || !xattrs.ok()) continue;
      blobs.push_back({std::move(info).value(), std::move(xattrs).value()});
    }
    co_return blobs;
  });
}

BlobClient::Numbers BlobClient::ReadNumbers() {
  return BlockOn(home_, [this]() -> Task<Numbers> {
    co_return Numbers{blobstore_.data_clusters(), blobstore_.free_clusters(),
                      blobstore_.free_metadata_pages()};
  });
}

void BlobClient::SetReserve(uint64_t clusters) {
  BlockOn(home_, [&]() -> Task<bool> {
    blobstore_.SetReserve(clusters);
    co_return true;
  });
}

Result<std::vector<uint64_t>> BlobClient::ClustersFrom(BlobId id, uint64_t first) {
  return BlockOn(home_, [&]() -> Task<Result<std::vector<uint64_t>>> {
    const Result<std::vector<ClusterIndex>> clusters = blobstore_.ClustersOf(id);
    if (!clusters.ok()) co_return clusters.status();
    std::vector<uint64_t> offsets;
    for (size_t i = first; i < clusters.value().size(); ++i) {
      offsets.push_back(blobstore_.OffsetOfCluster(clusters.value()[i]));
    }
    co_return offsets;
  });
}

Result<BlobId> BlobClient::Create(const BlobCreateOptions& options) {
  ASHLAR_RETURN_IF_ERROR(failure());
  Result<BlobId> created = BlockOn(home_, [&]() -> Task<Result<BlobId>> {
    Result<BlobId> id = co_await blobstore_.Create(options);
    co_return id;
  });
  const Status status = AfterChange(created.status());
  if (!status.ok()) return status;
  return created;
}

Status BlobClient::Delete(BlobId id) {
  ASHLAR_RETURN_IF_ERROR(failure());
  return AfterChange(BlockOn(home_, [&]() -> Task<Status> {
    const Status status = co_await blobstore_.Delete(id);
    co_return status;
  }));
}

Status BlobClient::Resize(BlobId id, uint64_t clusters) {
  ASHLAR_RETURN_IF_ERROR(failure());
  return AfterChange(BlockOn(home_, [&]() -> Task<Status> {
    const Status status = co_await blobstore_.Resize(id, clusters);
    co_return status;
  }));
}

Result<uint64_t> BlobClient::TakeSpare(BlobId id) {
  ASHLAR_RETURN_IF_ERROR(failure());
  return BlockOn(home_, [&]() -> Task<Result<uint64_t>> {
    const Result<ClusterIndex> spare = blobstore_.TakeSpare(id);
    if (!spare.ok()) co_return spare.status();
    co_return blobstore_.OffsetOfCluster(spare.value());
  });
}

Status BlobClient::Commit(BlobId id, const std::vector<Xattr>& xattrs) {
  ASHLAR_RETURN_IF_ERROR(failure());
  return AfterChange(BlockOn(home_, [&]() -> Task<Status> {
    for (const Xattr& xattr : xattrs) {
      const Status set = blobstore_.SetXattr(id, xattr.name, xattr.value);
      if (!set.ok()) co_return set;
    }
    const Status status = co_await blobstore_.SyncMetadata(id);
    co_return status;
  }));
}

Status BlobClient::CommitData(BlobId id, Change change) {
  ASHLAR_RETURN_IF_ERROR(failure());
  DataChange data{std::move(change.xattrs), std::move(change.removed), {}};
  for (const Move& move : change.moves) {
    const uint64_t cluster = move.to_offset / cluster_bytes();
    data.moves.push_back({move.index_in_blob, ClusterIndex{cluster}});
  }
  return AfterChange(BlockOn(home_, [&]() -> Task<Status> {
    const Status status = co_await blobstore_.SyncData(id, std::move(data));
    co_return status;
  }));
}

// A change that the blobstore believes durable may have been lost by a flush of ours that failed
// meanwhile.
Status BlobClient::AfterChange(Status status) {
  if (!status.ok()) {
    const Status failed =
        BlockOn(home_, [this]() -> Task<Status> { co_return blobstore_.failure(); });
    if (!failed.ok()) Break(failed);
    return status;
  }
  return failure();
}

void BlobClient::Break(Status failure) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (failure_.ok()) failure_ = std::move(failure);
  broken_.store(true, std::memory_order_release);
}

Status BlobClient::failure() const {
  if (!broken()) return Status::Ok();
  std::lock_guard<std::mutex> lock(mutex_);
  return failure_;
}

}  // namespace ashlar
