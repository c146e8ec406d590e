#include "cpp/chunk/blob_directory.h"

#include <string>

namespace ashlar {

BlobDirectory::~BlobDirectory() {
  for (std::atomic<Leaf*>& leaf : leaves_) delete leaf.load(std::memory_order_relaxed);
}

Status BlobDirectory::Add(PrivateBlob* blob) {
  const uint32_t root = blob->root.value;
  if (root >> kLeafShift >= kLeaves) {
    return Status::NotSupported("root page " + std::to_string(root) +
                                " of a private blob; the store can address the first " +
                                std::to_string(uint64_t{kLeaves} << kLeafShift));
  }
  std::atomic<Leaf*>& place = leaves_[root >> kLeafShift];
  Leaf* leaf = place.load(std::memory_order_relaxed);
  if (leaf == nullptr) {
    leaf = new Leaf();
    place.store(leaf, std::memory_order_seq_cst);
  }
  leaf->blobs[root & (kLeafBlobs - 1)].store(blob, std::memory_order_seq_cst);
  return Status::Ok();
}

void BlobDirectory::Remove(MetadataPageIndex root) {
  Leaf* leaf = leaves_[root.value >> kLeafShift].load(std::memory_order_seq_cst);
  leaf->blobs[root.value & (kLeafBlobs - 1)].store(nullptr, std::memory_order_seq_cst);
}

}  // namespace ashlar
