#include "cpp/blobstore/bit_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "cpp/base/encoding.h"
#include "cpp/testing/random.h"

namespace ashlar {
namespace {

using format::MaskType;
using ::testing::HasSubstr;

TEST(BitMaskTest, GoldenBytes) {
  Bitmap bitmap(20);
  for (const uint64_t i : {0u, 3u, 8u, 19u}) bitmap.Set(i);
  std::vector<uint8_t> bytes(kPageBytes, 0xee);
  EncodeMask(MaskType::kUsedClusters, bitmap, bytes);
  const std::vector<uint8_t> golden = {1, 20, 0, 0, 0, 0x09, 0x01, 0x08};
  EXPECT_EQ(std::vector<uint8_t>(bytes.begin(), bytes.begin() + 8), golden);
  for (size_t i = 8; i < bytes.size(); ++i) ASSERT_EQ(bytes[i], 0) << i;
}

TEST(BitMaskTest, TakesAsManyPagesAsSpdkCounts) {
  EXPECT_EQ(MaskPages(1), 1u);
  EXPECT_EQ(MaskPages(8 * (4096 - 5)), 1u);
  EXPECT_EQ(MaskPages(8 * (4096 - 5) + 1), 2u);
  EXPECT_EQ(MaskPages(UINT32_MAX), 131073u);
}

TEST(BitMaskTest, DecodesWhatItEncoded) {
  Random random(TestSeed(2));
  for (const uint64_t bits : {1u, 8u, 9u, 63u, 64u, 65u, 40000u}) {
    Bitmap bitmap(bits);
    for (uint64_t i = 0; i < bits; ++i) {
      if (random.OneIn(3)) bitmap.Set(i);
    }
    std::vector<uint8_t> bytes(MaskPages(bits) * kPageBytes);
    EncodeMask(MaskType::kUsedPages, bitmap, bytes);
    const Result<Bitmap> decoded = DecodeMask(MaskType::kUsedPages, bits, bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    EXPECT_EQ(decoded.value(), bitmap);
  }
}

TEST(BitMaskTest, RefusesAnotherTypeOrLength) {
  std::vector<uint8_t> bytes(kPageBytes);
  EncodeMask(MaskType::kUsedPages, Bitmap(100), bytes);
  EXPECT_EQ(DecodeMask(MaskType::kUsedBlobIds, 100, bytes).status().code(), StatusCode::kCorrupt);
  EXPECT_THAT(DecodeMask(MaskType::kUsedPages, 99, bytes).status().ToString(),
              HasSubstr("used-page mask has 100 bits instead of 99"));
  EXPECT_EQ(DecodeMask(MaskType::kUsedPages, 101, bytes).status().code(), StatusCode::kCorrupt);
}

TEST(BitMaskTest, OnlyTheClusterMaskMayBeLonger) {
  std::vector<uint8_t> bytes(kPageBytes);
  Bitmap bitmap(100);
  bitmap.Set(5);
  bitmap.Set(97);
  EncodeMask(MaskType::kUsedClusters, bitmap, bytes);
  const Result<Bitmap> shorter = DecodeMask(MaskType::kUsedClusters, 90, bytes);
  ASSERT_TRUE(shorter.ok());
  EXPECT_EQ(shorter.value().set_count(), 1u);
  EXPECT_FALSE(DecodeMask(MaskType::kUsedClusters, 101, bytes).ok());
}

TEST(BitMaskTest, RefusesEveryTruncation) {
  std::vector<uint8_t> bytes(kPageBytes);
  EncodeMask(MaskType::kUsedPages, Bitmap(800), bytes);
  for (size_t length = 0; length < 105; ++length) {
    const std::span<const uint8_t> cut(bytes.data(), length);
    EXPECT_FALSE(DecodeMask(MaskType::kUsedPages, 800, cut).ok()) << length;
  }
  EXPECT_TRUE(DecodeMask(MaskType::kUsedPages, 800, std::span(bytes).first(105)).ok());
}

TEST(BitMaskTest, ALengthOfFourBillionBitsCostsNothing) {
  std::vector<uint8_t> bytes(kPageBytes);
  EncodeMask(MaskType::kUsedClusters, Bitmap(8), bytes);
  StoreLittle<uint32_t>(&bytes[1], UINT32_MAX);
  EXPECT_EQ(DecodeMask(MaskType::kUsedClusters, 8, bytes).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace ashlar
