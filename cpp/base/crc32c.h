// CRC32C (Castagnoli, reflected), initial value and final xor 0xffffffff, as SPDK and RFC 3720 use
// it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ashlar {

// The checksum of `length_bytes` bytes at `data`. Crc32c("123456789") is 0xe3069283.
uint32_t Crc32c(const void* data, size_t length_bytes);

// Continues a checksum: Crc32cExtend(Crc32c(a), b) is the checksum of a followed by b.
uint32_t Crc32cExtend(uint32_t crc, const void* data, size_t length_bytes);

}  // namespace ashlar
