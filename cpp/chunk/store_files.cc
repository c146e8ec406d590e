// The files beside the chunks: the metadata's, on the same blobstore.
#include <utility>

#include "cpp/chunk/space_reserve.h"
#include "cpp/chunk/store_core.h"

namespace ashlar {

Status StoreCore::FinishFormat() {
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(CheckPhase(phase_ == Phase::kRecovering, "FinishFormat"));
  if (identity_.metadata != MetadataPlace::kUnfinished) {
    return Status::InvalidArgument("the store on " + device_->info().name + " is not unfinished");
  }
  ASHLAR_RETURN_IF_ERROR(
      WriteIdentityLocked(kMetadataXattr, static_cast<uint64_t>(MetadataPlace::kOnDevice)));
  identity_.metadata = MetadataPlace::kOnDevice;
  metadata_place_.store(identity_.metadata, std::memory_order_relaxed);
  return Status::Ok();
}

BlobFsParts StoreCore::Parts() {
  BlobFsParts parts;
  parts.device = device_.get();
  parts.blobstore = blobstore_.get();
  parts.home = &home();
  for (const std::unique_ptr<StoreReactor>& part : reactors_) {
    parts.lanes.push_back({&part->reactor(), &part->channel()});
  }
  return parts;
}

Result<std::shared_ptr<BlobFs>> StoreCore::MountFiles(uint64_t buffer_bytes) {
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(
      CheckPhase(phase_ == Phase::kRecovering && files_ == nullptr, "MountFiles"));
  BlobFsOptions options;
  options.read_only = options_.device.read_only;
  options.write_beside_chunk_store = true;
  options.buffer_bytes = buffer_bytes;
  Result<std::unique_ptr<BlobFs>> mounted = BlobFs::Mount(Parts(), options);
  if (!mounted.ok()) return mounted.status();
  files_ = std::move(mounted).value();
  files_to_tell_.store(files_.get(), std::memory_order_release);
  return files_;
}

void StoreCore::OnDeviceFailure(const Status& failure) {
  BlobFs* const files = files_to_tell_.load(std::memory_order_acquire);
  if (files != nullptr) files->Break(failure);
}

uint64_t StoreCore::ReserveNow() const {
  if (metadata_place() == MetadataPlace::kElsewhere) return reserve_clusters_;
  // The counts are read one after the other.
  const uint64_t chunks = space_->private_pages() * kPageBytes / blobstore_->cluster_bytes();
  const uint64_t others = chunks + blobstore_->free_clusters();
  const uint64_t all = blobstore_->data_clusters();
  return MetadataReserveNow(reserve_clusters_, all > others ? all - others : 0,
                            blobstore_->cluster_bytes());
}

bool StoreCore::IsMetadataSpaceLow() const {
  return metadata_place() != MetadataPlace::kElsewhere &&
         (blobstore_->free_clusters() < ReserveNow() / 2 ||
          blobstore_->free_metadata_pages() < kMetadataReservePages / 2);
}

}  // namespace ashlar
