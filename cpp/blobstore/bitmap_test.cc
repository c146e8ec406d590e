#include "cpp/blobstore/bitmap.h"

#include <gtest/gtest.h>

#include <vector>

#include "cpp/testing/random.h"

namespace ashlar {
namespace {

TEST(BitmapTest, AgreesWithAVectorOfBools) {
  Random random(TestSeed(1));
  for (const uint64_t size : {1u, 63u, 64u, 65u, 200u, 1000u}) {
    Bitmap bitmap(size);
    std::vector<bool> model(size);
    for (int step = 0; step < 500; ++step) {
      const uint64_t i = random.Below(size);
      if (random.OneIn(20)) {
        const uint64_t end = i + random.Below(size - i + 1);
        bitmap.SetRange(i, end);
        for (uint64_t j = i; j < end; ++j) model[j] = true;
      } else if (random.OneIn(2)) {
        EXPECT_EQ(bitmap.Set(i), !model[i]);
        model[i] = true;
      } else {
        EXPECT_EQ(bitmap.Clear(i), static_cast<bool>(model[i]));
        model[i] = false;
      }
      const uint64_t from = random.Below(size + 70);
      uint64_t clear = from, set = from, count = 0;
      while (clear < size && model[clear]) ++clear;
      while (set < size && !model[set]) ++set;
      for (const bool bit : model) count += bit ? 1 : 0;
      ASSERT_EQ(bitmap.FindClear(from), clear < size ? clear : Bitmap::kNone);
      ASSERT_EQ(bitmap.FindSet(from), set < size ? set : Bitmap::kNone);
      ASSERT_EQ(bitmap.set_count(), count);
      ASSERT_EQ(bitmap.clear_count(), size - count);
    }
  }
}

TEST(BitmapTest, StoringAWordIgnoresBitsPastTheEnd) {
  Bitmap bitmap(70);
  bitmap.set_word(1, ~uint64_t{0});
  EXPECT_EQ(bitmap.set_count(), 6u);
  EXPECT_EQ(bitmap.word(1), 63u);
  bitmap.set_word(0, 5);
  EXPECT_EQ(bitmap.set_count(), 8u);
}

TEST(BitmapTest, AnEmptyOneHasNothing) {
  const Bitmap bitmap;
  EXPECT_EQ(bitmap.FindClear(0), Bitmap::kNone);
  EXPECT_EQ(bitmap.FindSet(0), Bitmap::kNone);
}

}  // namespace
}  // namespace ashlar
