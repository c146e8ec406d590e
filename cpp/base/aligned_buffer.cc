#include "cpp/base/aligned_buffer.h"

#include <cstring>

namespace ashlar {

AlignedBuffer::AlignedBuffer(size_t length_bytes) {
  if (length_bytes == 0 || length_bytes > SIZE_MAX - kPageBytes) {
    return;
  }
  const size_t rounded = static_cast<size_t>(RoundUp(length_bytes, kPageBytes));
  const PageMemory memory = AllocatePageMemory(rounded);
  if (memory.bytes == nullptr) {
    return;
  }
  std::memset(memory.bytes, 0, rounded);
  bytes_ = {static_cast<uint8_t*>(memory.bytes), PageMemoryDeleter{memory.free}};
  size_ = rounded;
}

}  // namespace ashlar
