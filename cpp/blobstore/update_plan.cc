#include "cpp/blobstore/update_plan.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "cpp/base/check.h"

namespace ashlar {

namespace {

// The clusters of one extent page, or nothing behind the end.
std::span<const uint32_t> ClustersOfExtentPage(const BlobMetadata& blob, size_t number) {
  const std::span<const uint32_t> all = blob.clusters;
  const size_t begin = number * format::kClustersPerExtentPage;
  if (begin >= all.size()) return {};
  return all.subspan(begin, std::min<size_t>(format::kClustersPerExtentPage, all.size() - begin));
}

bool SameExtentPage(const BlobMetadata* old, const BlobMetadata& next, size_t number) {
  if (old == nullptr || old->extent_pages_stale || number >= old->extent_pages.size()) return false;
  return std::ranges::equal(ClustersOfExtentPage(*old, number), ClustersOfExtentPage(next, number));
}

// Page 0 means "none" in an extent table, so only roots may have it.
uint32_t TakePage(Bitmap* used_pages, uint64_t* from) {
  const uint64_t index = used_pages->FindClear(*from);
  ASHLAR_CHECK(index != Bitmap::kNone);
  used_pages->Set(index);
  *from = index + 1;
  return static_cast<uint32_t>(index);
}

}  // namespace

Result<UpdatePlan> PlanUpdate(const BlobMetadata* old, BlobMetadata next, uint64_t reserve_pages,
                              Bitmap* used_pages) {
  next.cluster_count = next.clusters.size();
  const size_t extent_page_count =
      next.uses_extent_table ? DivideRoundUp(next.clusters.size(), format::kClustersPerExtentPage)
                             : 0;
  std::vector<size_t> moved;
  next.extent_pages.assign(extent_page_count, 0);
  next.extent_pages_stale = false;
  for (size_t i = 0; i < extent_page_count; ++i) {
    if (SameExtentPage(old, next, i)) {
      next.extent_pages[i] = old->extent_pages[i];
    } else {
      moved.push_back(i);
    }
  }
  // Page numbers do not change how much room the chain takes.
  const size_t chain_page_count = EncodeChain(next).size() - 1;
  const uint64_t needed = moved.size() + chain_page_count;
  const uint64_t free = used_pages->clear_count() - (used_pages->Test(0) ? 0 : 1);
  if (needed + reserve_pages > free) {
    return Status::OutOfSpace(
        std::to_string(needed) + " metadata pages needed, " + std::to_string(free) +
        " free of which " + std::to_string(reserve_pages) + " are kept for changing and removing");
  }

  UpdatePlan plan;
  uint64_t from = 1;
  for (const size_t number : moved) {
    next.extent_pages[number] = TakePage(used_pages, &from);
    plan.new_pages.push_back({next.extent_pages[number], EncodeExtentPage(next, number)});
  }
  next.chain_pages.clear();
  for (size_t i = 0; i < chain_page_count; ++i) {
    next.chain_pages.push_back(TakePage(used_pages, &from));
  }
  std::vector<MetadataPage> chain = EncodeChain(next);
  ASHLAR_CHECK(chain.size() == chain_page_count + 1);
  for (size_t i = 0; i < chain_page_count; ++i) chain[i].next = next.chain_pages[i];
  plan.root = std::move(chain[0]);
  for (size_t i = 0; i < chain_page_count; ++i) {
    plan.new_pages.push_back({next.chain_pages[i], std::move(chain[i + 1])});
  }
  if (old != nullptr) {
    plan.released_pages = old->chain_pages;
    for (size_t i = 0; i < old->extent_pages.size(); ++i) {
      const bool kept = i < extent_page_count && next.extent_pages[i] == old->extent_pages[i];
      if (!kept) plan.released_pages.push_back(old->extent_pages[i]);
    }
  }
  plan.next = std::move(next);
  return plan;
}

}  // namespace ashlar
