// Sizes and the identifiers that are too easily swapped to be bare integers.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace ashlar {

inline constexpr uint32_t kPageBytes = 4096;
inline constexpr uint32_t kPageShift = 12;
inline constexpr uint64_t kKiB = uint64_t{1} << 10;
inline constexpr uint64_t kMiB = uint64_t{1} << 20;
inline constexpr uint64_t kGiB = uint64_t{1} << 30;

constexpr uint64_t RoundUp(uint64_t value, uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}
constexpr uint64_t RoundDown(uint64_t value, uint64_t multiple) {
  return value / multiple * multiple;
}
constexpr uint64_t DivideRoundUp(uint64_t value, uint64_t divisor) {
  return (value + divisor - 1) / divisor;
}

// Index of a page in the blobstore's metadata region; also names the blob whose root page it is.
struct MetadataPageIndex {
  uint32_t value = 0;
  auto operator<=>(const MetadataPageIndex&) const = default;
};

// Blob id as SPDK writes it: root page index in the low half, 1 in the high half.
struct BlobId {
  uint64_t value = 0;
  auto operator<=>(const BlobId&) const = default;
  static constexpr BlobId FromRoot(MetadataPageIndex root) {
    return BlobId{(uint64_t{1} << 32) | root.value};
  }
  constexpr MetadataPageIndex root() const {
    return MetadataPageIndex{static_cast<uint32_t>(value)};
  }
};

// Number of a cluster on the device.
struct ClusterIndex {
  uint64_t value = 0;
  auto operator<=>(const ClusterIndex&) const = default;
};

// Where a chunk page lies: the private blob (its root page index, high half) and the page in it.
//
//   63            32 31             0
//   | root index    | page in blob  |
//
// The same 64-bit number stands in RocksDB's segment records and in the op slots shared with Java.
struct PageAddress {
  uint64_t value = kHoleValue;
  static constexpr uint64_t kHoleValue = ~uint64_t{0};
  auto operator<=>(const PageAddress&) const = default;
  static constexpr PageAddress Of(MetadataPageIndex blob, uint32_t page) {
    return PageAddress{(uint64_t{blob.value} << 32) | page};
  }
  static constexpr PageAddress Hole() { return PageAddress{}; }
  constexpr bool IsHole() const { return value == kHoleValue; }
  constexpr MetadataPageIndex blob() const {
    return MetadataPageIndex{static_cast<uint32_t>(value >> 32)};
  }
  constexpr uint32_t page() const { return static_cast<uint32_t>(value); }
};

}  // namespace ashlar
