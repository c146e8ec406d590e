#include "cpp/chunk/page_buffers.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

namespace ashlar {
namespace {

TEST(PageBuffersTest, TheSmallestArenaServesTheLargestOperation) {
  auto buffers = std::move(PageBuffers::Create(1)).value();
  EXPECT_EQ(buffers->bytes(), uint64_t{1} << 20);
  uint8_t* all = buffers->Take(256);
  ASSERT_NE(all, nullptr);
  std::memset(all, 1, 256 * 4096);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(all) % 4096, 0u);
  EXPECT_EQ(buffers->Take(1), nullptr);
  buffers->Give(all, 256);
  EXPECT_TRUE(buffers->all_free());
}

TEST(PageBuffersTest, BuffersAreContiguousAndDoNotOverlap) {
  auto buffers = std::move(PageBuffers::Create(1 << 20)).value();
  std::vector<uint8_t*> taken;
  for (int i = 0; i < 128; ++i) taken.push_back(buffers->Take(2));
  for (uint8_t i = 0; i < 128; ++i) std::memset(taken[i], i, 2 * 4096);
  for (uint8_t i = 0; i < 128; ++i) EXPECT_EQ(taken[i][8191], i);
  // Every second one given back: no three pages together.
  for (size_t i = 0; i < 128; i += 2) buffers->Give(taken[i], 2);
  EXPECT_EQ(buffers->Take(3), nullptr);
  EXPECT_NE(buffers->Take(2), nullptr);
}

TEST(PageBuffersTest, RefusesASizeThatCannotBe) {
  EXPECT_FALSE(PageBuffers::Create(uint64_t{1} << 60).ok());
}

}  // namespace
}  // namespace ashlar
