// A private blob: a blob of the store's space whose pages one reactor gives out.
//
// `root`, `pages` and the offsets never change once the blob is in the directory, so any thread may
// translate through them. Everything else belongs to the reactor that owns the blob; a message that
// moves the blob moves all of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "cpp/base/units.h"
#include "cpp/chunk/page_bitmap.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

class SpaceManager;
struct PrivateBlob;

// Carries a blob to the space manager.
struct BlobMessage : Message {
  PrivateBlob* blob = nullptr;
  SpaceManager* manager = nullptr;
};

struct PrivateBlob {
  // One device offset per cluster; pages may cover the last cluster only in part.
  PrivateBlob(MetadataPageIndex root_page, uint32_t page_count, uint32_t pages_per_cluster_shift,
              std::vector<uint64_t> offsets_of_clusters)
      : root(root_page),
        pages(page_count),
        cluster_shift(pages_per_cluster_shift),
        cluster_offsets(std::move(offsets_of_clusters)),
        bitmap(page_count) {}

  bool Contains(uint32_t page) const { return page < pages; }
  // Only for a page that it contains.
  uint64_t DeviceOffset(uint32_t page) const {
    const uint32_t in_cluster = page & ((uint32_t{1} << cluster_shift) - 1);
    return cluster_offsets[page >> cluster_shift] + uint64_t{in_cluster} * kPageBytes;
  }

  const MetadataPageIndex root;
  const uint32_t pages;
  const uint32_t cluster_shift;  // log2 of the pages of a cluster
  const std::vector<uint64_t> cluster_offsets;

  // Index of the reactor that owns it: set by that reactor when it takes the blob over, and to
  // kInTransit before it lets go. So a reactor that reads its own index here is the owner; the
  // others use it to route a message, and route again when the blob has moved meanwhile.
  static constexpr uint32_t kInTransit = ~uint32_t{0};
  std::atomic<uint32_t> owner{kInTransit};

  PageBitmap bitmap;
  // No page from here on has been written since the blob was made, as far as is known.
  uint32_t written_pages = 0;

  // Where the owner keeps it: a list of blobs with about as many free pages (ReactorSpace), or a
  // list on its way to another owner (next only).
  PrivateBlob* previous = nullptr;
  PrivateBlob* next = nullptr;
  uint32_t bucket = 0;
  BlobMessage message;
};

// A list of blobs between two owners, linked through `next`.
class BlobList {
 public:
  bool empty() const { return first_ == nullptr; }
  void Push(PrivateBlob* blob) {
    blob->next = first_;
    first_ = blob;
  }
  // Null when the list is empty.
  PrivateBlob* Pop() {
    PrivateBlob* blob = first_;
    if (blob != nullptr) first_ = std::exchange(blob->next, nullptr);
    return blob;
  }

 private:
  PrivateBlob* first_ = nullptr;
};

}  // namespace ashlar
