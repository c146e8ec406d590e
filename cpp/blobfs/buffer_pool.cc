#include "cpp/blobfs/buffer_pool.h"

namespace ashlar {

BufferPool::Lease BufferPool::TakeLarge() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!free_large_.empty()) {
      AlignedBuffer buffer = std::move(free_large_.back());
      free_large_.pop_back();
      return Lease(this, std::move(buffer));
    }
    if (bytes() + kLargeBytes > bound_bytes_) return {};
    bytes_.fetch_add(kLargeBytes, std::memory_order_relaxed);
  }
  return Make(kLargeBytes);
}

BufferPool::Lease BufferPool::Take() {
  Lease large = TakeLarge();
  if (large.valid()) return large;
  bytes_.fetch_add(kSmallBytes, std::memory_order_relaxed);
  return Make(kSmallBytes);
}

// The bytes are counted already.
BufferPool::Lease BufferPool::Make(size_t length_bytes) {
  AlignedBuffer buffer(length_bytes);
  if (buffer.valid()) return Lease(this, std::move(buffer));
  bytes_.fetch_sub(length_bytes, std::memory_order_relaxed);
  return {};
}

void BufferPool::Give(AlignedBuffer buffer) {
  const size_t length_bytes = buffer.size();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (length_bytes == kLargeBytes && free_large_.size() < kKept) {
      free_large_.push_back(std::move(buffer));
      return;
    }
  }
  bytes_.fetch_sub(length_bytes, std::memory_order_relaxed);
}

}  // namespace ashlar
