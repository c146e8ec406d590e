#include "cpp/base/crc32c.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace ashlar {
namespace {

TEST(Crc32cTest, MatchesTheCheckValueOfRfc3720) {
  constexpr std::string_view kDigits = "123456789";
  EXPECT_EQ(Crc32c(kDigits.data(), kDigits.size()), 0xe3069283u);
  const std::vector<uint8_t> zeros(32, 0);
  EXPECT_EQ(Crc32c(zeros.data(), zeros.size()), 0x8a9136aau);
  const std::vector<uint8_t> ones(32, 0xff);
  EXPECT_EQ(Crc32c(ones.data(), ones.size()), 0x62a8ab43u);
}

TEST(Crc32cTest, ExtendingEqualsChecksummingTheWhole) {
  std::vector<uint8_t> bytes(10000);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(i * 31 + i / 256);
  }
  const uint32_t whole = Crc32c(bytes.data(), bytes.size());
  for (size_t cut : {size_t{0}, size_t{1}, size_t{4095}, size_t{4096}, bytes.size()}) {
    const uint32_t first = Crc32c(bytes.data(), cut);
    EXPECT_EQ(Crc32cExtend(first, bytes.data() + cut, bytes.size() - cut), whole) << cut;
  }
}

}  // namespace
}  // namespace ashlar
