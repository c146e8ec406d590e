#include "cpp/base/huge_arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "cpp/base/units.h"
#include "cpp/testing/random.h"

namespace ashlar {
namespace {

constexpr size_t kRegion = HugeArena::kRegionBytes;

uint8_t* Bytes(void* memory) { return static_cast<uint8_t*>(memory); }

// What /proc/self/smaps says of the mapping that holds `address`, under a heading like "VmFlags:".
std::string OfMapping(const void* address, const std::string& heading) {
  std::ifstream smaps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
      const auto at = reinterpret_cast<uintptr_t>(address);
      inside = begin <= at && at < end;
    } else if (inside && line.starts_with(heading)) {
      return line.substr(heading.size()) + " ";
    }
  }
  return "";
}

TEST(HugeArenaTest, BuffersShareRegionsTheLowestPlaceFirst) {
  HugeArena arena;
  void* const first = arena.Allocate(kMiB);
  void* const second = arena.Allocate(kMiB / 2);
  void* const third = arena.Allocate(kMiB / 2);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % kRegion, 0u);
  EXPECT_EQ(second, Bytes(first) + kMiB);
  EXPECT_EQ(third, Bytes(second) + kMiB / 2);
  EXPECT_EQ(arena.mapped_bytes(), kRegion);

  arena.Free(second);
  EXPECT_EQ(arena.Allocate(kMiB / 2), second);
  void* const further = arena.Allocate(kPageBytes);
  EXPECT_EQ(arena.mapped_bytes(), 2 * kRegion);
  for (void* buffer : {first, second, third, further}) arena.Free(buffer);
}

TEST(HugeArenaTest, OneEmptyRegionIsKept) {
  HugeArena arena;
  std::vector<void*> buffers;
  for (int i = 0; i < 6; ++i) buffers.push_back(arena.Allocate(kMiB));
  EXPECT_EQ(arena.mapped_bytes(), 3 * kRegion);
  for (void* buffer : buffers) arena.Free(buffer);
  EXPECT_EQ(arena.mapped_bytes(), kRegion);

  void* const large = arena.Allocate(3 * kMiB + kPageBytes);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(large) % kRegion, 0u);
  EXPECT_EQ(arena.mapped_bytes(), kRegion + 3 * kMiB + kPageBytes);
  std::memset(large, 1, 3 * kMiB + kPageBytes);
  arena.Free(large);
  EXPECT_EQ(arena.mapped_bytes(), kRegion);
}

TEST(HugeArenaTest, ARegionAsksForHugePages) {
  if (std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled").fail()) {
    GTEST_SKIP() << "this kernel has no transparent huge pages";
  }
  HugeArena arena;
  void* const buffer = arena.Allocate(kMiB);
  EXPECT_NE(OfMapping(buffer, "VmFlags:").find(" hg "), std::string::npos)
      << OfMapping(buffer, "VmFlags:");
  arena.Free(buffer);
}

TEST(HugeArenaTest, MoreThanThereIsGivesNothing) {
  HugeArena arena;
  EXPECT_EQ(arena.Allocate(RoundDown(SIZE_MAX, kPageBytes)), nullptr);
  EXPECT_EQ(arena.Allocate(size_t{1} << 62), nullptr);
  EXPECT_EQ(arena.mapped_bytes(), 0u);
}

// Every buffer keeps what its thread put into it.
TEST(HugeArenaTest, BuffersOfManyThreadsNeverMeet) {
  HugeArena arena;
  const auto work = [&arena](uint64_t seed) {
    struct Held {
      uint64_t* words;
      size_t count;
      uint64_t stamp;
    };
    Random random(seed);
    std::vector<Held> held;
    uint64_t stamp = seed << 32;
    const auto release = [&](size_t index) {
      const Held one = held[index];
      EXPECT_TRUE(std::all_of(one.words, one.words + one.count,
                              [&one](uint64_t word) { return word == one.stamp; }));
      arena.Free(one.words);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
    };
    for (int step = 0; step < 300; ++step) {
      if (held.size() > 5) release(random.Below(held.size()));
      const size_t length = (1 + random.Below(700)) * kPageBytes;
      auto* words = static_cast<uint64_t*>(arena.Allocate(length));
      ASSERT_NE(words, nullptr);
      std::fill_n(words, length / sizeof(uint64_t), ++stamp);
      held.push_back({words, length / sizeof(uint64_t), stamp});
    }
    while (!held.empty()) release(0);
  };
  std::vector<std::thread> threads;
  for (uint64_t seed = 1; seed <= 4; ++seed) threads.emplace_back(work, seed);
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(arena.mapped_bytes(), kRegion);
}

}  // namespace
}  // namespace ashlar
