// Page-aligned memory for large buffers, in huge pages where the system gives them.
//
// A device takes a request's memory as a list of physically contiguous pieces, and not any number
// of them: 1 MiB in pages of 4 KiB is 256 pieces, which virtio-blk splits into two requests and
// walks page by page; in a huge page it is one piece. Large writes gain about half of their speed.
//
// Buffers share regions of 2 MiB, the lowest place first; what is larger has a region of its own.
// One empty region is kept for the next, the others go back to the system.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace ashlar {

class HugeArena {
 public:
  // Smaller buffers gain little, and would keep regions from becoming empty.
  static constexpr size_t kMinBytes = size_t{256} << 10;
  static constexpr size_t kRegionBytes = size_t{2} << 20;

  HugeArena();
  ~HugeArena();
  HugeArena(const HugeArena&) = delete;
  HugeArena& operator=(const HugeArena&) = delete;

  // Aligned to 4096; the content is undefined. Null: there is no memory. `length_bytes` is a
  // multiple of 4096, not 0.
  void* Allocate(size_t length_bytes);

  // What Allocate gave, once.
  void Free(void* bytes);

  // Address space that is taken from the system.
  size_t mapped_bytes() const;

 private:
  class Region;

  mutable std::mutex mutex_;
  std::map<uintptr_t, std::unique_ptr<Region>> regions_;  // by address
  size_t mapped_bytes_ = 0;
  size_t empty_regions_ = 0;
};

}  // namespace ashlar
