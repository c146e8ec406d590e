// The super block: decoding and encoding, and apart from both the check that it fits the device.
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "ashlar/status.h"
#include "cpp/base/units.h"
#include "cpp/blobstore/format.h"

namespace ashlar {

// Pages from the start of the device.
struct PageRange {
  uint32_t start = 0;
  uint32_t pages = 0;
  uint64_t end() const { return uint64_t{start} + pages; }
  uint64_t offset_bytes() const { return uint64_t{start} * kPageBytes; }
  bool operator==(const PageRange&) const = default;
};

struct SuperBlock {
  uint32_t clean = 0;
  uint64_t super_blob = format::kNoBlob;
  uint32_t cluster_bytes = 0;
  PageRange used_page_mask;
  PageRange used_cluster_mask;
  PageRange used_blobid_mask;
  PageRange metadata;
  std::string type;  // without trailing zeros
  uint64_t size_bytes = 0;
  uint32_t io_unit_bytes = 0;
  uint32_t metadata_page_bytes = 0;
  std::array<uint8_t, sizeof(format::SuperBlockLayout::reserved)> reserved{};
  uint64_t ashlar_magic = 0;
  uint32_t shadow_start = 0;
  std::array<uint8_t, sizeof(format::SuperBlockLayout::ashlar_reserved)> ashlar_reserved{};

  bool operator==(const SuperBlock&) const = default;

  bool closed_cleanly() const { return clean == format::kCleanlyClosed; }
  bool has_shadow() const { return ashlar_magic == format::kAshlarMagic; }
  uint64_t total_clusters() const { return size_bytes / cluster_bytes; }
  uint64_t pages_per_cluster() const { return cluster_bytes / kPageBytes; }
  // Clusters from 0 on that hold super block, masks and metadata.
  uint64_t metadata_clusters() const { return DivideRoundUp(metadata.end(), pages_per_cluster()); }
};

// WrongFormat: no blobstore, or one of another version; the text says what was found instead.
// Corrupt: the checksum or the length is wrong. The values are not checked any further.
Result<SuperBlock> DecodeSuperBlock(std::span<const uint8_t, kPageBytes> page);

void EncodeSuperBlock(const SuperBlock& super, std::span<uint8_t, kPageBytes> page);

// Whether every value is in range, the regions fit and do not overlap, and the device has all of
// them: Corrupt if not, NotSupported for a metadata page size other than 4096.
Status CheckGeometry(const SuperBlock& super, uint64_t device_size_bytes);

}  // namespace ashlar
