// The one source of randomness of tests: small, seeded, the same on every machine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

namespace ashlar {

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // 0 to bound - 1; bound is not 0. The tiny bias of the remainder does not matter to tests.
  uint64_t Below(uint64_t bound) { return Next() % bound; }

  // True once in `n` times.
  bool OneIn(uint64_t n) { return Below(n) == 0; }

  void Fill(std::span<uint8_t> bytes) {
    while (!bytes.empty()) {
      const uint64_t word = Next();
      const size_t length = std::min(bytes.size(), sizeof(word));
      std::memcpy(bytes.data(), &word, length);
      bytes = bytes.subspan(length);
    }
  }

 private:
  uint64_t state_;
};

// The seed of a random test: $ASHLAR_SEED, or `fallback`. Print it with every failure.
inline uint64_t TestSeed(uint64_t fallback) {
  const char* text = std::getenv("ASHLAR_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 0) : fallback;
}

}  // namespace ashlar
