// Zeros: to look for, and to write.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace ashlar {

inline bool AllZeros(std::span<const uint8_t> bytes) {
  // Equal to itself shifted by one byte, and the first is zero.
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

constexpr size_t kZerosBytes = 1 << 20;

// kZerosBytes of zeros, aligned to pages; they take no memory. Not to be changed: the pointer is
// not one to const only because requests have none. MAP_FAILED, which no I/O accepts, when there is
// no address space.
inline void* Zeros() {
  static void* const zeros =
      mmap(nullptr, kZerosBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return zeros;
}

}  // namespace ashlar
