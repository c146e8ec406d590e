// From a page's location to its place on the device, for any thread and without a lock.
//
// A table of two levels over root page indices. One thread at a time (the reactor that owns the
// blobstore, or the one that opens or closes the store) adds blobs; reactors remove what they give
// up. A blob that was removed may be freed once every reactor has taken a turn and every reader
// inside the ReaderGate has left: nobody else holds a pointer from here for longer.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "ashlar/status.h"
#include "cpp/base/units.h"
#include "cpp/chunk/private_blob.h"

namespace ashlar {

class BlobDirectory {
 public:
  BlobDirectory() = default;
  ~BlobDirectory();
  BlobDirectory(const BlobDirectory&) = delete;
  BlobDirectory& operator=(const BlobDirectory&) = delete;

  // NotSupported: the root page lies beyond what the table covers (8 Mi metadata pages).
  Status Add(PrivateBlob* blob);
  void Remove(MetadataPageIndex root);

  // Null when there is no such blob.
  PrivateBlob* Find(MetadataPageIndex root) const {
    const uint32_t leaf_index = root.value >> kLeafShift;
    if (leaf_index >= kLeaves) return nullptr;
    const Leaf* leaf = leaves_[leaf_index].load(std::memory_order_seq_cst);
    return leaf == nullptr
               ? nullptr
               : leaf->blobs[root.value & (kLeafBlobs - 1)].load(std::memory_order_seq_cst);
  }

  static constexpr uint64_t kNowhere = ~uint64_t{0};

  // Device offset of a page, or kNowhere when no blob holds it.
  uint64_t DeviceOffset(PageAddress address) const {
    const PrivateBlob* blob = Find(address.blob());
    return blob != nullptr && blob->Contains(address.page()) ? blob->DeviceOffset(address.page())
                                                             : kNowhere;
  }

 private:
  static constexpr uint32_t kLeafShift = 10;
  static constexpr uint32_t kLeafBlobs = 1u << kLeafShift;
  static constexpr uint32_t kLeaves = 8192;
  struct Leaf {
    std::array<std::atomic<PrivateBlob*>, kLeafBlobs> blobs{};
  };

  std::array<std::atomic<Leaf*>, kLeaves> leaves_{};
};

}  // namespace ashlar
