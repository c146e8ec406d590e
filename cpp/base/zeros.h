// Whether memory holds nothing but zeros.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

namespace ashlar {

inline bool AllZeros(std::span<const uint8_t> bytes) {
  // Equal to itself shifted by one byte, and the first is zero.
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace ashlar
