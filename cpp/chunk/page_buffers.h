// Page-aligned buffers of one reactor, for data whose pages are not whole or not aligned in the
// caller's memory. A fixed arena: when it is used up, operations wait.
#pragma once

#include <cstdint>
#include <memory>

#include "ashlar/status.h"
#include "cpp/base/page_memory.h"
#include "cpp/chunk/page_bitmap.h"

namespace ashlar {

class PageBuffers {
 public:
  // Any operation can be served by the smallest arena.
  static constexpr uint64_t kMinBytes = uint64_t{PageBitmap::kMaxRun} * 4096;

  // Rounded up to whole pages and to kMinBytes.
  static Result<std::unique_ptr<PageBuffers>> Create(uint64_t bytes);
  ~PageBuffers();
  PageBuffers(const PageBuffers&) = delete;
  PageBuffers& operator=(const PageBuffers&) = delete;

  // `pages` (1 to PageBitmap::kMaxRun) contiguous pages of undefined content, or null.
  uint8_t* Take(uint32_t pages);
  void Give(uint8_t* buffer, uint32_t pages);

  uint64_t bytes() const { return uint64_t{bitmap_.pages()} * 4096; }
  bool all_free() const { return bitmap_.used() == 0; }

 private:
  PageBuffers(const PageMemory& memory, uint32_t pages)
      : memory_(memory), base_(static_cast<uint8_t*>(memory.bytes)), bitmap_(pages) {}

  const PageMemory memory_;
  uint8_t* const base_;
  PageBitmap bitmap_;
};

}  // namespace ashlar
