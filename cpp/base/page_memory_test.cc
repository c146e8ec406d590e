#include "cpp/base/page_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"

namespace ashlar {
namespace {

int taken = 0;
int given = 0;
bool exhausted = false;

const PageMemorySource kSource = {
    [](size_t length_bytes) -> void* {
      if (exhausted) return nullptr;
      ++taken;
      void* bytes = std::aligned_alloc(kPageBytes, length_bytes);
      std::memset(bytes, 0xa5, length_bytes);
      return bytes;
    },
    [](void* bytes) {
      ++given;
      std::free(bytes);
    }};

class PageMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    taken = given = 0;
    exhausted = false;
  }
  void TearDown() override { SetPageMemorySource(nullptr); }
};

TEST_F(PageMemoryTest, ABufferIsAlignedAndZeroedWhereverItIsFrom) {
  for (const PageMemorySource* source : {static_cast<const PageMemorySource*>(nullptr), &kSource}) {
    SetPageMemorySource(source);
    const AlignedBuffer buffer(3 * kPageBytes);
    ASSERT_TRUE(buffer.valid());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % kPageBytes, 0u);
    EXPECT_EQ(std::count(buffer.data(), buffer.data() + buffer.size(), 0), 3 * kPageBytes);
  }
}

TEST_F(PageMemoryTest, MemoryGoesBackToWhereItCameFrom) {
  AlignedBuffer of_the_heap(1);
  SetPageMemorySource(&kSource);
  AlignedBuffer of_the_source(1);
  EXPECT_EQ(taken, 1);
  of_the_heap = AlignedBuffer();
  EXPECT_EQ(given, 0);
  SetPageMemorySource(nullptr);
  of_the_source = AlignedBuffer();
  EXPECT_EQ(given, 1);
}

TEST_F(PageMemoryTest, ASourceThatHasNothingLeftIsReplacedByTheHeap) {
  SetPageMemorySource(&kSource);
  exhausted = true;
  AlignedBuffer buffer(1);
  EXPECT_TRUE(buffer.valid());
  buffer = AlignedBuffer();
  EXPECT_EQ(given, 0);
}

}  // namespace
}  // namespace ashlar
