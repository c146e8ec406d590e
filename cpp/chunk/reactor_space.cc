#include "cpp/chunk/reactor_space.h"

#include <bit>

#include "cpp/base/check.h"

namespace ashlar {

namespace {
uint32_t BucketOf(const PrivateBlob& blob) {
  return static_cast<uint32_t>(std::bit_width(blob.bitmap.free_pages()));
}
}  // namespace

void ReactorSpace::Link(PrivateBlob* blob) {
  blob->bucket = BucketOf(*blob);
  PrivateBlob*& first = buckets_[blob->bucket];
  blob->previous = nullptr;
  blob->next = first;
  if (first != nullptr) first->previous = blob;
  first = blob;
}

void ReactorSpace::Unlink(PrivateBlob* blob) {
  (blob->previous == nullptr ? buckets_[blob->bucket] : blob->previous->next) = blob->next;
  if (blob->next != nullptr) blob->next->previous = blob->previous;
  blob->previous = nullptr;
  blob->next = nullptr;
}

void ReactorSpace::Rebucket(PrivateBlob* blob) {
  if (BucketOf(*blob) == blob->bucket) return;
  Unlink(blob);
  Link(blob);
}

void ReactorSpace::Add(PrivateBlob* blob) {
  Link(blob);
  ++blobs_;
  free_pages_ += blob->bitmap.free_pages();
  if (blob->bitmap.used() == 0) ++empty_blobs_;
}

void ReactorSpace::Remove(PrivateBlob* blob) {
  Unlink(blob);
  --blobs_;
  free_pages_ -= blob->bitmap.free_pages();
  if (blob->bitmap.used() == 0) --empty_blobs_;
  if (current_ == blob) current_ = nullptr;
}

// A blob that very likely has a run of `count`, from the fullest such on; null when none is found
// in a few tries.
PrivateBlob* ReactorSpace::BlobWithRun(uint32_t count) const {
  if (current_ != nullptr && current_->bitmap.free_pages() >= count &&
      current_->bitmap.MayHaveRun(count)) {
    return current_;
  }
  for (auto b = static_cast<uint32_t>(std::bit_width(count)); b < kBuckets; ++b) {
    int tries = kTriesPerBucket;
    for (PrivateBlob* blob = buckets_[b]; blob != nullptr && tries > 0;
         blob = blob->next, --tries) {
      if (blob->bitmap.free_pages() >= count && blob->bitmap.MayHaveRun(count)) return blob;
    }
  }
  return nullptr;
}

PrivateBlob* ReactorSpace::Emptiest() const {
  for (uint32_t b = kBuckets - 1; b > 0; --b) {
    if (buckets_[b] != nullptr) return buckets_[b];
  }
  return nullptr;
}

PrivateBlob* ReactorSpace::Any() const {
  PrivateBlob* blob = Emptiest();
  return blob != nullptr ? blob : buckets_[0];
}

uint32_t ReactorSpace::TakeFrom(PrivateBlob* blob, uint32_t wanted, uint64_t* locations) {
  if (blob->bitmap.used() == 0) --empty_blobs_;
  const PageRun run = blob->bitmap.Allocate(wanted);
  for (uint32_t i = 0; i < run.count; ++i) {
    locations[i] = PageAddress::Of(blob->root, run.first + i).value;
  }
  free_pages_ -= run.count;
  Rebucket(blob);
  current_ = blob;
  return run.count;
}

void ReactorSpace::Allocate(uint32_t count, uint64_t* locations) {
  ASHLAR_CHECK(free_pages_ >= count);
  uint32_t taken = 0;
  bool in_pieces = false;
  while (taken < count) {
    const uint32_t wanted = count - taken;
    PrivateBlob* blob = in_pieces ? nullptr : BlobWithRun(wanted);
    if (blob == nullptr) {
      // No such run: where most is free, runs are likely the longest.
      blob = Emptiest();
      in_pieces = true;
    }
    taken += TakeFrom(blob, wanted, locations + taken);
  }
}

bool ReactorSpace::Free(PrivateBlob* blob, PageRun run) {
  if (run.count == 0 || !blob->bitmap.Free(run)) return false;
  free_pages_ += run.count;
  if (blob->bitmap.used() == 0) ++empty_blobs_;
  Rebucket(blob);
  return true;
}

}  // namespace ashlar
