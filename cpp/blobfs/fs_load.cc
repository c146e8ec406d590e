// Finding the files on a device.
#include <algorithm>
#include <utility>

#include "cpp/blobfs/file_format.h"
#include "cpp/blobfs/fs_core.h"

namespace ashlar {

struct FsCore::Found {
  BlobInfo info;
  FileMetadata metadata;
};

Status FsCore::Load() {
  std::vector<Found> found;
  std::vector<BlobId> dead;
  for (const BlobClient::Blob& blob : blobs_.LoadAll()) TakeIn(blob, &found, &dead);
  if (options_.read_only) {
    report_.read_only = true;
    report_.read_only_reason = "it was opened so";
  } else if (report_.has_chunk_store && !options_.write_beside_chunk_store) {
    report_.read_only = true;
    report_.read_only_reason = "it carries a chunk store";
  }
  services_.read_only = report_.read_only;
  ResolveNames(std::move(found), &dead);
  report_.files = names_.size();
  return report_.read_only ? Status::Ok() : RemoveDead(dead);
}

void FsCore::TakeIn(const BlobClient::Blob& blob, std::vector<Found>* found,
                    std::vector<BlobId>* dead) {
  Result<FileMetadata> metadata = DecodeFileMetadata(blob.xattrs);
  if (!metadata.ok()) {
    report_.damage.push_back("blob " + std::to_string(blob.info.id.root().value) + ": " +
                             metadata.status().context());
    return;
  }
  last_generation_ = std::max(last_generation_, metadata->generation);
  if (metadata->name.starts_with(kReservedFolder)) {
    report_.has_chunk_store = report_.has_chunk_store || metadata->name == kChunkStoreFile;
  } else if (metadata->deleted) {
    if (blob.info.access == BlobAccess::kReadWrite) dead->push_back(blob.info.id);
  } else {
    found->push_back({blob.info, std::move(metadata).value()});
  }
}

Status FsCore::UnusableReason(const BlobInfo& info, const FileMetadata& metadata) const {
  if (info.access == BlobAccess::kRefused) return Status::NotSupported(info.access_reason);
  const uint64_t room = info.clusters * blobs_.cluster_bytes();
  const uint64_t length =
      metadata.log ? metadata.framing().UnitsEnd(metadata.log->known_bytes) : metadata.length_bytes;
  if (length <= room && (!metadata.log || metadata.log->known_bytes <= room)) return Status::Ok();
  return Status::Corrupt(metadata.name + " claims " + std::to_string(length) +
                         " bytes, but its blob has " + std::to_string(room));
}

// Of files with one name the one of the highest generation is the file, and the others are what a
// rename or a replacement had no time to remove (R9). Equal generations are nobody's doing here.
void FsCore::ResolveNames(std::vector<Found> found, std::vector<BlobId>* dead) {
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return a.metadata.generation > b.metadata.generation;
  });
  for (const Found& file : found) {
    const FileMetadata& metadata = file.metadata;
    const auto winner = names_.find(metadata.name);
    if (winner == names_.end()) {
      Status unusable = UnusableReason(file.info, metadata);
      if (!unusable.ok()) report_.damage.push_back(unusable.context());
      names_[metadata.name] = std::make_shared<FileNode>(services_, file.info.id, metadata,
                                                         file.info.clusters, std::move(unusable));
    } else if (winner->second->generation > metadata.generation &&
               file.info.access == BlobAccess::kReadWrite) {
      dead->push_back(file.info.id);
    } else {
      report_.damage.push_back("blob " + std::to_string(file.info.id.root().value) + ": its name " +
                               metadata.name + " is that of another file");
    }
  }
}

Status FsCore::RemoveDead(const std::vector<BlobId>& dead) {
  for (const BlobId id : dead) {
    ASHLAR_RETURN_IF_ERROR(blobs_.Delete(id));
    ++report_.removed;
  }
  return Status::Ok();
}

}  // namespace ashlar
