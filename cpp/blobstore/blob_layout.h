// One blob's metadata as a whole: what the pages of its chain and its extent pages say together.
// Pure; all that comes from a device is bounds-checked here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/status.h"
#include "cpp/base/units.h"
#include "cpp/blobstore/blob_types.h"
#include "cpp/blobstore/metadata_page.h"
#include "cpp/blobstore/metadata_scan.h"

namespace ashlar {

struct BlobMetadata {
  BlobId id;
  FlagsDescriptor flags{.invalid = format::kExtentTable};
  std::vector<Xattr> xattrs;
  std::vector<Xattr> internal_xattrs;
  bool has_unknown_descriptors = false;

  // Extent table and extent pages, or run-length-encoded extents in the chain. SPDK writes the
  // latter only when asked to.
  bool uses_extent_table = true;
  uint64_t cluster_count = 0;
  // By index in the blob. A thin blob has only those that are allocated here, in order.
  std::vector<uint32_t> clusters;
  std::vector<uint32_t> extent_pages;
  // The extent pages on the device list another number of clusters: all must be written anew.
  bool extent_pages_stale = false;
  std::vector<uint32_t> chain_pages;  // after the root

  bool thin() const { return (flags.invalid & format::kThin) != 0; }
};

// What may be done to a blob with these flags and descriptors, and the reason if not everything.
BlobAccess AccessOf(const BlobMetadata& blob, std::string* reason);

// What indices in metadata must be below.
struct BlobBounds {
  uint32_t metadata_pages = 0;
  uint64_t first_data_cluster = 0;
  uint64_t total_clusters = 0;
};

struct AssembleOptions {
  // The extent pages may list more or fewer clusters than the root page says; the smaller number
  // counts. SPDK overwrites extent pages in place, so a crash of its leaves this.
  bool size_may_differ = false;
  // Take what can be read of chain pages that fail their checksum. Extent pages must be whole: when
  // they agree with such a chain, that is proof enough of what the blob owned.
  bool use_guesses = false;
};

struct AssembledBlob {
  Status status;      // Corrupt: the reason this blob cannot be used
  BlobMetadata blob;  // complete only with status Ok
  bool has_extents = false;
  // What was found to belong to it before the first error.
  std::vector<uint32_t> pages;  // with the root
  std::vector<uint32_t> clusters;
};

// Follows the chain from `root` and the extent table. Refuses indices out of range, cycles, pages
// of another blob or another place in the chain, clusters listed twice.
AssembledBlob AssembleBlob(MetadataPageIndex root, const ScannedPages& pages,
                           const BlobBounds& bounds, const AssembleOptions& options);

// The pages of the chain, root first, with id and sequence set; `next` is for the caller to fill.
// The entries of the extent table are those in blob.extent_pages. The blob is not thin.
std::vector<MetadataPage> EncodeChain(const BlobMetadata& blob);

// Extent page number `number` of the blob: clusters from number * 512 on.
MetadataPage EncodeExtentPage(const BlobMetadata& blob, uint64_t number);

}  // namespace ashlar
