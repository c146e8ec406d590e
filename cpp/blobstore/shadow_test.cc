#include "cpp/blobstore/shadow.h"

#include <gtest/gtest.h>

#include <cstring>

#include "cpp/base/crc32c.h"
#include "cpp/base/encoding.h"
#include "cpp/testing/random.h"

namespace ashlar {
namespace {

using Page = std::array<uint8_t, kPageBytes>;
using Slot = std::array<uint8_t, kShadowBytes>;

class ShadowTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Random random(5);
    random.Fill(old_);
    random.Fill(new_);
    EncodeShadow(uint64_t{1} << 40, old_, new_, slot_);
  }
  Page old_, new_;
  Slot slot_{};
};

TEST_F(ShadowTest, GoldenBytes) {
  EXPECT_EQ(std::memcmp(slot_.data(), "AHSHADOW\0\0\0\0\0\1\0\0", 16), 0);
  EXPECT_EQ(LoadLittle<uint32_t>(&slot_[16]), Crc32c(new_.data(), kPageBytes));
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(LoadLittle<uint32_t>(&slot_[20 + 4 * i]), Crc32c(&old_[512 * i], 512));
    EXPECT_EQ(LoadLittle<uint32_t>(&slot_[52 + 4 * i]), Crc32c(&new_[512 * i], 512));
  }
  for (size_t i = 84; i < 4092; ++i) ASSERT_EQ(slot_[i], 0);
  EXPECT_EQ(LoadLittle<uint32_t>(&slot_[4092]), Crc32c(slot_.data(), 4092));
  EXPECT_EQ(std::memcmp(&slot_[4096], new_.data(), kPageBytes), 0);
}

TEST_F(ShadowTest, DecodesWhatItEncoded) {
  const auto decoded = DecodeShadow(slot_);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->target_page, uint64_t{1} << 40);
  EXPECT_EQ(decoded->image, new_);
}

TEST_F(ShadowTest, RefusesEveryFlippedBitAndEveryTornSlot) {
  for (size_t bit = 0; bit < slot_.size() * 8; bit += 5) {
    Slot flipped = slot_;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << (bit % 8)));
    ASSERT_FALSE(DecodeShadow(flipped).has_value()) << bit;
  }
  Slot other;
  EncodeShadow(9, new_, old_, other);
  for (unsigned mask = 1; mask + 1 < 1u << 16; mask += 37) {
    Slot torn;
    for (size_t sector = 0; sector < 16; ++sector) {
      const Slot& from = (mask >> sector & 1) != 0 ? slot_ : other;
      std::memcpy(&torn[sector * 512], &from[sector * 512], 512);
    }
    const auto decoded = DecodeShadow(torn);
    // The seven sectors of zeros in the first page are the same in both.
    const bool whole = torn == slot_ || torn == other;
    ASSERT_EQ(decoded.has_value(), whole) << mask;
  }
}

TEST_F(ShadowTest, ExplainsEveryMixtureOfOldAndNewSectorsAndNothingElse) {
  const ShadowSlot slot = DecodeShadow(slot_).value();
  for (unsigned mask = 0; mask < 256; ++mask) {
    Page torn;
    for (size_t sector = 0; sector < 8; ++sector) {
      const Page& from = (mask >> sector & 1) != 0 ? new_ : old_;
      std::memcpy(&torn[sector * 512], &from[sector * 512], 512);
    }
    // R5: a write that has not begun is not completed, since what it refers to may not be durable.
    EXPECT_EQ(slot.Explains(torn), mask != 0) << mask;
    torn[mask * 16] ^= 1;
    EXPECT_FALSE(slot.Explains(torn)) << mask;
  }
}

}  // namespace
}  // namespace ashlar
