// The metadata region as read from the device: every page that is not empty, decoded, or the reason
// why it cannot be. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>

#include "cpp/base/units.h"
#include "cpp/blobstore/metadata_page.h"

namespace ashlar {

// A page that fails its checksum or contradicts itself.
struct BadPage {
  std::string reason;
  MetadataPage guess;  // GuessMetadataPage
  // A crash may leave torn chain and extent pages that no root page refers to yet. This one cannot
  // be of that kind: it is what is left of a root page, or nothing known.
  bool may_be_root = false;
};

struct ScannedPages {
  std::unordered_map<uint32_t, MetadataPage> good;
  std::unordered_map<uint32_t, BadPage> bad;

  // Takes the content of page `index`; a page of zeros is free and leaves no trace.
  void Add(uint32_t index, std::span<const uint8_t, kPageBytes> bytes);
  // A page that the device could not read.
  void AddUnreadable(uint32_t index, std::string reason);
};

inline bool IsRootAt(uint32_t index, const MetadataPage& page) {
  return page.sequence == 0 && page.blob == BlobId::FromRoot(MetadataPageIndex{index});
}

}  // namespace ashlar
