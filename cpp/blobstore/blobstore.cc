#include "cpp/blobstore/blobstore.h"

#include <utility>

#include "cpp/blobstore/blobstore_impl.h"

namespace ashlar {

Blobstore::Blobstore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Blobstore::~Blobstore() = default;

Task<Result<std::unique_ptr<Blobstore>>> Blobstore::Open(Channel& channel, const DeviceInfo& info,
                                                         const BlobstoreOpenOptions& options) {
  auto impl = std::make_unique<Impl>(channel, info, options);
  const Status status = co_await impl->Open();
  if (!status.ok()) co_return status;
  std::unique_ptr<Blobstore> store(new Blobstore(std::move(impl)));
  co_return store;
}

const Blobstore::Impl::Blob* Blobstore::Impl::Find(BlobId id) const {
  const auto found = blobs_.find(id.root().value);
  return found != blobs_.end() && found->second.durable.id == id ? &found->second : nullptr;
}

Blobstore::Impl::Blob* Blobstore::Impl::Find(BlobId id) {
  return const_cast<Blob*>(static_cast<const Impl*>(this)->Find(id));
}

Status Blobstore::Impl::NoSuchBlob(BlobId id) {
  return Status::NotFound("blob " + std::to_string(id.value));
}

const BlobstoreOpenReport& Blobstore::open_report() const { return impl_->report(); }
const std::string& Blobstore::type() const { return impl_->super().type; }
uint32_t Blobstore::cluster_bytes() const { return impl_->super().cluster_bytes; }
uint64_t Blobstore::size_bytes() const { return impl_->super().size_bytes; }
uint64_t Blobstore::total_clusters() const { return impl_->super().total_clusters(); }
uint64_t Blobstore::data_clusters() const {
  return total_clusters() - impl_->super().metadata_clusters();
}
uint64_t Blobstore::free_clusters() const { return impl_->free_clusters(); }
void Blobstore::SetReserve(uint64_t clusters) { impl_->SetReserve(clusters); }
uint64_t Blobstore::free_metadata_pages() const { return impl_->free_metadata_pages(); }
const Status& Blobstore::failure() const { return impl_->failure(); }

std::vector<BlobId> Blobstore::blobs() const {
  std::vector<BlobId> ids;
  ids.reserve(impl_->blobs().size());
  for (const auto& [root, blob] : impl_->blobs()) ids.push_back(blob.durable.id);
  return ids;
}

bool Blobstore::Contains(BlobId id) const { return impl_->Find(id) != nullptr; }

Result<BlobInfo> Blobstore::Info(BlobId id) const {
  const Impl::Blob* blob = impl_->Find(id);
  if (blob == nullptr) return Impl::NoSuchBlob(id);
  return BlobInfo{id, blob->durable.cluster_count, blob->access, blob->access_reason};
}

Result<std::string> Blobstore::GetXattr(BlobId id, std::string_view name) const {
  const Impl::Blob* blob = impl_->Find(id);
  if (blob == nullptr) return Impl::NoSuchBlob(id);
  for (const Xattr& xattr : blob->xattrs) {
    if (xattr.name == name) return xattr.value;
  }
  return Status::NotFound("blob " + std::to_string(id.value) + " has no xattr '" +
                          std::string(name) + "'");
}

Result<std::vector<Xattr>> Blobstore::Xattrs(BlobId id) const {
  const Impl::Blob* blob = impl_->Find(id);
  if (blob == nullptr) return Impl::NoSuchBlob(id);
  return blob->xattrs;
}

Result<std::vector<ClusterIndex>> Blobstore::ClustersOf(BlobId id) const {
  const Impl::Blob* blob = impl_->Find(id);
  if (blob == nullptr) return Impl::NoSuchBlob(id);
  if (blob->access == BlobAccess::kRefused) {
    return Status::NotSupported("data of blob " + std::to_string(id.value) + ": " +
                                blob->access_reason);
  }
  std::vector<ClusterIndex> clusters;
  clusters.reserve(blob->durable.clusters.size());
  for (const uint32_t cluster : blob->durable.clusters) clusters.push_back(ClusterIndex{cluster});
  return clusters;
}

Result<ClusterIndex> Blobstore::ClusterOf(BlobId id, uint64_t index_in_blob) const {
  const Impl::Blob* blob = impl_->Find(id);
  if (blob == nullptr) return Impl::NoSuchBlob(id);
  if (blob->access == BlobAccess::kRefused) {
    return Status::NotSupported("data of blob " + std::to_string(id.value) + ": " +
                                blob->access_reason);
  }
  if (index_in_blob >= blob->durable.clusters.size()) {
    return Status::InvalidArgument("cluster " + std::to_string(index_in_blob) + " of blob " +
                                   std::to_string(id.value) + ", which has " +
                                   std::to_string(blob->durable.clusters.size()));
  }
  return ClusterIndex{blob->durable.clusters[index_in_blob]};
}

Result<uint64_t> Blobstore::DeviceOffsetOf(BlobId id, uint64_t offset_in_blob_bytes) const {
  const Result<ClusterIndex> cluster = ClusterOf(id, offset_in_blob_bytes / cluster_bytes());
  if (!cluster.ok()) return cluster.status();
  return OffsetOfCluster(cluster.value()) + offset_in_blob_bytes % cluster_bytes();
}

Task<Result<BlobId>> Blobstore::Create(const BlobCreateOptions& options) {
  return impl_->Create(options);
}
Task<Status> Blobstore::Delete(BlobId id) { return impl_->Delete(id); }
Task<Status> Blobstore::Resize(BlobId id, uint64_t clusters) { return impl_->Resize(id, clusters); }
Result<ClusterIndex> Blobstore::TakeSpare(BlobId id) { return impl_->TakeSpare(id); }
Task<Status> Blobstore::SyncData(BlobId id, DataChange change) {
  return impl_->SyncData(id, std::move(change));
}
Status Blobstore::SetXattr(BlobId id, std::string_view name, std::string_view value) {
  return impl_->SetXattr(id, name, value);
}
Status Blobstore::RemoveXattr(BlobId id, std::string_view name) {
  return impl_->RemoveXattr(id, name);
}
Task<Status> Blobstore::SyncMetadata(BlobId id) { return impl_->SyncMetadata(id); }
Task<Status> Blobstore::Close() { return impl_->Close(); }

}  // namespace ashlar
