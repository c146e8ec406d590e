// Page-aligned memory that O_DIRECT, and SPDK where it runs, accept without a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "cpp/base/page_memory.h"
#include "cpp/base/units.h"

namespace ashlar {

// Owns zeroed memory aligned to 4096 bytes; its length is rounded up to whole pages. data() is null
// when the memory could not be had: callers that size it from input check for that.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t length_bytes);

  uint8_t* data() { return bytes_.get(); }
  const uint8_t* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  bool valid() const { return bytes_ != nullptr; }
  std::span<uint8_t> span() { return {bytes_.get(), size_}; }
  std::span<const uint8_t> span() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<uint8_t, PageMemoryDeleter> bytes_;
  size_t size_ = 0;
};

}  // namespace ashlar
