// Pages for small writes that were written once already, with zeros, before they are needed.
//
// A file system records each block that is written for the first time and makes the record durable
// with the next flush, which takes as long as several flushes without one. Written ahead of time
// and many together, fresh pages cost one record for all of them, and the small writes that use
// them none. What is used again has been written anyway.
//
// One run is given out while the next is being written. Their pages are taken from the reactor's
// space, so that nobody else writes there; those that nobody needed go back.
//
// Thread: belongs to the reactor.
#pragma once

#include <cstdint>

#include "cpp/chunk/private_blob.h"
#include "cpp/chunk/reactor_space.h"

namespace ashlar {

class LaidOutPages {
 public:
  static constexpr uint32_t kRunPages = 256;

  // The space outlives this.
  explicit LaidOutPages(ReactorSpace& space) : space_(space) {}
  LaidOutPages(const LaidOutPages&) = delete;
  LaidOutPages& operator=(const LaidOutPages&) = delete;

  struct Run {
    PrivateBlob* blob = nullptr;
    PageRun pages;
  };

  // Takes `count` neighbouring pages and writes their addresses to `locations`; false when as many
  // are not ready.
  bool Take(uint32_t count, uint64_t* locations);

  // Takes pages out of the space that the caller writes, all within one cluster; none when enough
  // are ready, or none is fresh, or space is not plenty. End() follows.
  Run Begin();
  // Whether they were written.
  void End(bool written);

  bool is_writing() const { return next_.blob != nullptr && !next_is_written_; }

  // Gives the pages of the blob back to the space; false: some are being written.
  bool Release(PrivateBlob* blob);
  // Gives all back that are not being written.
  void ReleaseAll();

  // Pages of the blob that are here.
  uint32_t PagesIn(const PrivateBlob* blob) const;

 private:
  // Small writes take less than this; a run with less left is done with.
  static constexpr uint32_t kMinPages = 32;
  // Free pages of the reactor from which on some may be put aside.
  static constexpr uint64_t kPlentyPages = 2048;

  void Give(Run& run);

  ReactorSpace& space_;
  Run current_;
  Run next_;
  bool next_is_written_ = false;
};

}  // namespace ashlar
