// The private blobs of one reactor and the pages that are free in them. Moves no data and sends no
// messages: a plain structure that belongs to its reactor.
//
// Pages come from one blob until it cannot serve, then from the fullest that can: blobs that empty
// are left alone and can go back to the blobstore. Small writes take theirs one behind the other
// out of a long free run, the stream, so that those of one turn are neighbours on the device and
// can travel as one write.
#pragma once

#include <array>
#include <cstdint>

#include "cpp/chunk/private_blob.h"

namespace ashlar {

class ReactorSpace {
 public:
  // Requests for less than this are small: they take from the stream.
  static constexpr uint32_t kSmallPages = 32;

  ReactorSpace() = default;
  ReactorSpace(const ReactorSpace&) = delete;
  ReactorSpace& operator=(const ReactorSpace&) = delete;

  // The blob is in no other space.
  void Add(PrivateBlob* blob);
  void Remove(PrivateBlob* blob);

  uint64_t free_pages() const { return free_pages_; }
  // Small writes do not get neighbouring pages: no run is left that is long enough for the stream.
  bool fragmented() const { return fragmented_; }
  uint32_t blobs() const { return blobs_; }
  uint32_t empty_blobs() const { return empty_blobs_; }

  // Takes `count` pages (1 to PageBitmap::kMaxRun) in runs as long as can be, and writes their
  // addresses to `locations`. free_pages() >= count.
  void Allocate(uint32_t count, uint64_t* locations);

  // Takes these pages of a blob of this space; false, and nothing has changed, when one is in use.
  bool Reserve(PrivateBlob* blob, PageRun run);

  // A blob whose last pages, at least so many, were never written; null when none is found at once.
  PrivateBlob* BlobWithFresh(uint32_t pages) const;

  // Gives back pages of a blob of this space. False, and nothing has changed, when one of them is
  // not in use or not in the blob.
  bool Free(PrivateBlob* blob, PageRun run);

  // The blob with about the most free pages; null when none has any.
  PrivateBlob* Emptiest() const;
  // Any blob; null when there is none.
  PrivateBlob* Any() const;

 private:
  // Bucket b: blobs whose number of free pages has b binary digits; 0: full ones.
  static constexpr uint32_t kBuckets = 33;
  static constexpr int kTriesPerBucket = 8;
  // The stream is opened on runs of so many.
  static constexpr uint32_t kStreamPages = 128;
  static constexpr uint32_t kStreamPause = 64;

  void Link(PrivateBlob* blob);
  void Unlink(PrivateBlob* blob);
  void Rebucket(PrivateBlob* blob);
  PrivateBlob* BlobWithRun(uint32_t count) const;
  uint32_t TakeFrom(PrivateBlob* blob, uint32_t wanted, uint64_t* locations);
  bool TakeFromStream(uint32_t count, uint64_t* locations);
  bool OpenStream(uint32_t count);
  void Took(PrivateBlob* blob, PageRun run, bool blob_was_empty);
  static void Name(PrivateBlob* blob, PageRun run, uint64_t* locations);

  std::array<PrivateBlob*, kBuckets> buckets_{};
  PrivateBlob* current_ = nullptr;
  // Pages that were free when the stream was opened and have not been taken from it since.
  PrivateBlob* stream_blob_ = nullptr;
  PageRun stream_;
  bool fragmented_ = false;
  // Small requests that do without the stream, because there was no run for one: looking for it
  // each time would cost more than the allocation.
  uint32_t stream_pause_ = 0;
  uint64_t free_pages_ = 0;
  uint32_t blobs_ = 0;
  uint32_t empty_blobs_ = 0;
};

}  // namespace ashlar
