#include "cpp/base/huge_arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/base/units.h"

namespace ashlar {

// A mapping that begins on a huge page, and the buffers in it.
class HugeArena::Region {
 public:
  // Null: there is no address space.
  static std::unique_ptr<Region> Map(size_t length_bytes) {
    if (length_bytes > SIZE_MAX - kRegionBytes) return nullptr;
    // The kernel aligns to its own pages; what is too much on both sides is given back.
    const size_t wide_bytes = length_bytes + kRegionBytes;
    void* const mapped =
        mmap(nullptr, wide_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    const auto wide = reinterpret_cast<uintptr_t>(mapped);
    const uintptr_t begin = RoundUp(wide, kRegionBytes);
    const size_t before = begin - wide;
    if (before > 0) munmap(mapped, before);
    munmap(reinterpret_cast<void*>(begin + length_bytes), wide_bytes - before - length_bytes);
    // A kernel without huge pages refuses: then these are small ones.
    madvise(reinterpret_cast<void*>(begin), length_bytes, MADV_HUGEPAGE);
    return std::unique_ptr<Region>(new Region(begin, length_bytes));
  }

  ~Region() { munmap(reinterpret_cast<void*>(begin_), length_bytes_); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  uintptr_t begin() const { return begin_; }
  size_t length_bytes() const { return length_bytes_; }
  bool empty() const { return buffers_.empty(); }

  // Null: no gap is large enough.
  void* Take(size_t length_bytes) {
    uintptr_t gap = begin_;
    for (const auto& [buffer, buffer_bytes] : buffers_) {
      if (buffer - gap >= length_bytes) break;
      gap = buffer + buffer_bytes;
    }
    if (begin_ + length_bytes_ - gap < length_bytes) return nullptr;
    buffers_.emplace(gap, length_bytes);
    return reinterpret_cast<void*>(gap);
  }

  void Give(void* bytes) {
    const size_t given = buffers_.erase(reinterpret_cast<uintptr_t>(bytes));
    ASHLAR_CHECK(given == 1);
  }

 private:
  Region(uintptr_t begin, size_t length_bytes) : begin_(begin), length_bytes_(length_bytes) {}

  const uintptr_t begin_;
  const size_t length_bytes_;
  std::map<uintptr_t, size_t> buffers_;  // address, length
};

HugeArena::HugeArena() = default;
HugeArena::~HugeArena() = default;

void* HugeArena::Allocate(size_t length_bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [address, region] : regions_) {
    const bool was_empty = region->empty();
    if (void* const bytes = region->Take(length_bytes); bytes != nullptr) {
      if (was_empty) --empty_regions_;
      return bytes;
    }
  }
  std::unique_ptr<Region> region = Region::Map(std::max(length_bytes, kRegionBytes));
  if (region == nullptr) return nullptr;
  mapped_bytes_ += region->length_bytes();
  void* const bytes = region->Take(length_bytes);
  regions_.emplace(region->begin(), std::move(region));
  return bytes;
}

void HugeArena::Free(void* bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto after = regions_.upper_bound(reinterpret_cast<uintptr_t>(bytes));
  ASHLAR_CHECK(after != regions_.begin());
  const auto found = std::prev(after);
  found->second->Give(bytes);
  if (!found->second->empty()) return;
  if (empty_regions_ == 0 && found->second->length_bytes() == kRegionBytes) {
    ++empty_regions_;
    return;
  }
  mapped_bytes_ -= found->second->length_bytes();
  regions_.erase(found);
}

size_t HugeArena::mapped_bytes() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return mapped_bytes_;
}

}  // namespace ashlar
