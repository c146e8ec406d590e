#include "cpp/chunk/laid_out_pages.h"

#include <algorithm>
#include <utility>

#include "cpp/base/check.h"

namespace ashlar {

bool LaidOutPages::Take(uint32_t count, uint64_t* locations) {
  if (current_.pages.count < count && next_is_written_) {
    Give(current_);
    current_ = std::exchange(next_, {});
    next_is_written_ = false;
  }
  if (current_.pages.count < count) return false;
  for (uint32_t i = 0; i < count; ++i) {
    locations[i] = PageAddress::Of(current_.blob->root, current_.pages.first + i).value;
  }
  current_.pages.first += count;
  current_.pages.count -= count;
  return true;
}

LaidOutPages::Run LaidOutPages::Begin() {
  if (next_.blob != nullptr || current_.pages.count > kRunPages / 2 ||
      space_.free_pages() < kPlentyPages) {
    return {};
  }
  PrivateBlob* blob = space_.BlobWithFresh(kMinPages);
  if (blob == nullptr) return {};
  const uint32_t first = blob->written_pages;
  const uint32_t cluster_end = ((first >> blob->cluster_shift) + 1) << blob->cluster_shift;
  const uint32_t end = std::min({first + kRunPages, cluster_end, blob->pages});
  const Run run{blob, {first, end - first}};
  ASHLAR_CHECK(space_.Reserve(blob, run.pages));
  next_ = run;
  return run;
}

void LaidOutPages::End(bool written) {
  next_is_written_ = written;
  if (!written) Give(next_);
}

bool LaidOutPages::Release(PrivateBlob* blob) {
  if (current_.blob == blob) Give(current_);
  if (next_.blob != blob) return true;
  if (!next_is_written_) return false;
  next_is_written_ = false;
  Give(next_);
  return true;
}

void LaidOutPages::ReleaseAll() {
  Give(current_);
  if (next_is_written_) Release(next_.blob);
}

uint32_t LaidOutPages::PagesIn(const PrivateBlob* blob) const {
  return (current_.blob == blob ? current_.pages.count : 0) +
         (next_.blob == blob ? next_.pages.count : 0);
}

void LaidOutPages::Give(Run& run) {
  if (run.pages.count > 0) ASHLAR_CHECK(space_.Free(run.blob, run.pages));
  run = {};
}

}  // namespace ashlar
