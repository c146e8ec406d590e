// What has to be written, and in which pages, to replace one version of a blob's metadata by
// another. Pure but for the bitmap it takes pages from.
#pragma once

#include <cstdint>
#include <vector>

#include "ashlar/status.h"
#include "cpp/blobstore/bitmap.h"
#include "cpp/blobstore/blob_layout.h"

namespace ashlar {

struct PlannedPage {
  uint32_t index = 0;
  MetadataPage content;
};

struct UpdatePlan {
  std::vector<PlannedPage> new_pages;  // chain and extent pages; none of them is in use
  MetadataPage root;                   // to be written in place when new_pages are durable
  BlobMetadata next;                   // with the new pages filled in
  // Of the old version only: free once the root is durable.
  std::vector<uint32_t> released_pages;
};

// Takes the pages for the new version from `used_pages`: the chain always moves, an extent page
// moves when its clusters changed. `old` is null for a new blob, whose root page is taken by the
// caller. At least `reserve_pages` stay free. OutOfSpace: nothing was taken.
Result<UpdatePlan> PlanUpdate(const BlobMetadata* old, BlobMetadata next, uint64_t reserve_pages,
                              Bitmap* used_pages);

}  // namespace ashlar
