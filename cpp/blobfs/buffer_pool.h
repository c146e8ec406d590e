// Buffers for appending and reading ahead, within one bound.
//
// Any thread. A buffer is large as long as the bound allows, small beyond it, so that a file that
// has something to write always gets one.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "cpp/base/aligned_buffer.h"

namespace ashlar {

class BufferPool {
 public:
  static constexpr size_t kLargeBytes = 1u << 20;
  static constexpr size_t kSmallBytes = 64u << 10;

  explicit BufferPool(uint64_t bound_bytes) : bound_bytes_(bound_bytes) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // A buffer that goes back by itself. Its content is whatever was in it before.
  class Lease {
   public:
    Lease() = default;
    Lease(BufferPool* pool, AlignedBuffer buffer) : pool_(pool), buffer_(std::move(buffer)) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), buffer_(std::move(other.buffer_)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(pool_, other.pool_);
      std::swap(buffer_, other.buffer_);
      return *this;
    }
    ~Lease() {
      if (pool_ != nullptr) pool_->Give(std::move(buffer_));
    }

    bool valid() const { return pool_ != nullptr; }
    uint8_t* data() { return buffer_.data(); }
    const uint8_t* data() const { return buffer_.data(); }
    size_t size() const { return buffer_.size(); }

   private:
    BufferPool* pool_ = nullptr;
    AlignedBuffer buffer_;
  };

  // Not valid only when the system has no memory.
  Lease Take();
  // A large one, or none beyond the bound.
  Lease TakeLarge();

  // Taken or kept for the next.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  friend class Lease;
  Lease Make(size_t length_bytes);
  void Give(AlignedBuffer buffer);

  // So many large buffers are kept when nobody needs them.
  static constexpr size_t kKept = 8;

  const uint64_t bound_bytes_;
  std::atomic<uint64_t> bytes_{0};
  std::mutex mutex_;
  std::vector<AlignedBuffer> free_large_;
};

}  // namespace ashlar
