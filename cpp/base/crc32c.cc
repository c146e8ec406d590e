#include "cpp/base/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace ashlar {

namespace {
constexpr size_t kMaxStepBytes = size_t{1} << 30;  // ISA-L takes the length as an int
}

uint32_t Crc32cExtend(uint32_t crc, const void* data, size_t length_bytes) {
  // ISA-L neither inverts the seed nor the result; its prototype lacks const but it only reads.
  auto* bytes = static_cast<unsigned char*>(const_cast<void*>(data));
  uint32_t state = ~crc;
  while (length_bytes > 0) {
    const size_t step_bytes = std::min(length_bytes, kMaxStepBytes);
    state = crc32_iscsi(bytes, static_cast<int>(step_bytes), state);
    bytes += step_bytes;
    length_bytes -= step_bytes;
  }
  return ~state;
}

uint32_t Crc32c(const void* data, size_t length_bytes) {
  return Crc32cExtend(0, data, length_bytes);
}

}  // namespace ashlar
