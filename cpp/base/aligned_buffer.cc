#include "cpp/base/aligned_buffer.h"

#include <cstring>

namespace ashlar {

AlignedBuffer::AlignedBuffer(size_t length_bytes) {
  if (length_bytes == 0 || length_bytes > SIZE_MAX - kPageBytes) {
    return;
  }
  const size_t rounded = static_cast<size_t>(RoundUp(length_bytes, kPageBytes));
  auto* bytes = static_cast<uint8_t*>(std::aligned_alloc(kPageBytes, rounded));
  if (bytes == nullptr) {
    return;
  }
  std::memset(bytes, 0, rounded);
  bytes_.reset(bytes);
  size_ = rounded;
}

}  // namespace ashlar
