// SHA-256 (FIPS 180-4), for comparing content with published hashes in tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace ashlar {

// 64 hexadecimal digits.
std::string Sha256Hex(std::span<const uint8_t> bytes);

}  // namespace ashlar
