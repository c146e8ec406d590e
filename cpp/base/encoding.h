// Unaligned little-endian loads and stores for on-disk formats.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace ashlar {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian");

template <typename T>
T LoadLittle(const void* from) {
  static_assert(std::is_integral_v<T>);
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <typename T>
void StoreLittle(void* to, T value) {
  static_assert(std::is_integral_v<T>);
  std::memcpy(to, &value, sizeof(value));
}

}  // namespace ashlar
