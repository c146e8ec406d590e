#include "cpp/chunk/reactor_space.h"

#include <algorithm>
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
  stream_pause_ = 0;
  free_pages_ += blob->bitmap.free_pages();
  if (blob->bitmap.used() == 0) ++empty_blobs_;
  blob->written_pages = std::max(blob->written_pages, blob->bitmap.EndOfUsed());
}

void ReactorSpace::Remove(PrivateBlob* blob) {
  Unlink(blob);
  --blobs_;
  free_pages_ -= blob->bitmap.free_pages();
  if (blob->bitmap.used() == 0) --empty_blobs_;
  if (current_ == blob) current_ = nullptr;
  if (stream_blob_ == blob) stream_blob_ = nullptr;
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

void ReactorSpace::Name(PrivateBlob* blob, PageRun run, uint64_t* locations) {
  for (uint32_t i = 0; i < run.count; ++i) {
    locations[i] = PageAddress::Of(blob->root, run.first + i).value;
  }
}

void ReactorSpace::Took(PrivateBlob* blob, PageRun run, bool blob_was_empty) {
  blob->written_pages = std::max(blob->written_pages, run.first + run.count);
  if (blob_was_empty) --empty_blobs_;
  free_pages_ -= run.count;
  Rebucket(blob);
  current_ = blob;
}

uint32_t ReactorSpace::TakeFrom(PrivateBlob* blob, uint32_t wanted, uint64_t* locations) {
  const bool was_empty = blob->bitmap.used() == 0;
  const PageRun run = blob->bitmap.Allocate(wanted);
  Took(blob, run, was_empty);
  Name(blob, run, locations);
  return run.count;
}

bool ReactorSpace::OpenStream(uint32_t count) {
  stream_blob_ = BlobWithRun(kStreamPages);
  stream_ = stream_blob_ == nullptr ? PageRun{} : stream_blob_->bitmap.FindFree(kStreamPages);
  fragmented_ = stream_.count < kStreamPages;
  return stream_.count >= count;
}

bool ReactorSpace::TakeFromStream(uint32_t count, uint64_t* locations) {
  if (stream_pause_ > 0) {
    --stream_pause_;
    return false;
  }
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (stream_blob_ != nullptr && stream_.count >= count) {
      const PageRun run{stream_.first, count};
      const bool was_empty = stream_blob_->bitmap.used() == 0;
      // Refused when a large write took pages of the run meanwhile.
      if (stream_blob_->bitmap.MarkUsed(run)) {
        Took(stream_blob_, run, was_empty);
        Name(stream_blob_, run, locations);
        stream_.first += count;
        stream_.count -= count;
        return true;
      }
    }
    if (!OpenStream(count)) break;
  }
  stream_pause_ = kStreamPause;
  return false;
}

void ReactorSpace::Allocate(uint32_t count, uint64_t* locations) {
  ASHLAR_CHECK(free_pages_ >= count);
  if (count < kSmallPages && TakeFromStream(count, locations)) return;
  uint32_t taken = 0;
  while (taken < count) {
    const uint32_t wanted = count - taken;
    PrivateBlob* blob = BlobWithRun(wanted);
    // No such run: where most is free, runs are likely the longest.
    if (blob == nullptr) blob = Emptiest();
    taken += TakeFrom(blob, wanted, locations + taken);
  }
}

bool ReactorSpace::Reserve(PrivateBlob* blob, PageRun run) {
  const bool was_empty = blob->bitmap.used() == 0;
  if (!blob->bitmap.MarkUsed(run)) return false;
  Took(blob, run, was_empty);
  return true;
}

PrivateBlob* ReactorSpace::BlobWithFresh(uint32_t pages) const {
  for (PrivateBlob* blob : {current_, Emptiest()}) {
    if (blob != nullptr && blob->pages - blob->written_pages >= pages) return blob;
  }
  return nullptr;
}

bool ReactorSpace::Free(PrivateBlob* blob, PageRun run) {
  if (run.count == 0 || !blob->bitmap.Free(run)) return false;
  free_pages_ += run.count;
  if (blob->bitmap.used() == 0) ++empty_blobs_;
  Rebucket(blob);
  return true;
}

}  // namespace ashlar
