// From scanned pages to the state of a blobstore: which blobs there are, what they own, what is
// free. Pure.
//
// A damaged blob never takes others with it: it is reported, and everything that may be its own is
// kept from being given out again. When that cannot be known, nothing is given out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cpp/base/units.h"
#include "cpp/blobstore/bitmap.h"
#include "cpp/blobstore/blob_layout.h"
#include "cpp/blobstore/blob_types.h"
#include "cpp/blobstore/metadata_scan.h"
#include "cpp/blobstore/super_block.h"

namespace ashlar {

// The three masks as read from the device.
struct StoredMasks {
  Bitmap used_pages;
  Bitmap used_clusters;
  Bitmap used_blobids;
};

struct LoadedMetadata {
  std::map<uint32_t, BlobMetadata> blobs;  // by root page
  Bitmap used_pages;
  Bitmap used_clusters;
  std::vector<DamagedBlob> damaged;  // by ascending root
  uint64_t withheld_clusters = 0;    // used, but by no loaded blob
  bool allocation_refused = false;
};

struct LoadOptions {
  // The masks of the device, or null if they cannot be read.
  const StoredMasks* masks = nullptr;
  // The device was closed cleanly: the masks are current, and `pages` holds only used pages.
  // Otherwise `pages` holds all of them and the masks are hints about what damaged blobs own.
  bool clean = false;
};

BlobBounds BoundsOf(const SuperBlock& super);

// With options.clean, Corrupt: masks and metadata contradict each other; scan everything and load
// again as not clean. Never fails otherwise.
Result<LoadedMetadata> LoadMetadata(const SuperBlock& super, const ScannedPages& pages,
                                    const LoadOptions& options);

}  // namespace ashlar
