#include "cpp/blobfs/last_page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cpp/testing/random.h"
#include "cpp/testing/test_fs.h"

namespace ashlar {
namespace {

TEST(LastPageTest, KnowsThePageThatIsWrittenAgainAsTheFileGrows) {
  const std::string content = Pattern(1, 3 * kPageBytes);
  LastPage page;
  for (uint64_t end = 100; end <= content.size(); end += 100) {
    const uint64_t begin = RoundDown(end - 100, kPageBytes);
    EXPECT_EQ(page.Has(begin, AsBytes(content.substr(begin, end - 100 - begin))), true) << end;
    page.Written(begin, AsBytes(content.substr(begin, end - begin)));
  }
}

// Whatever is written at its end, it never takes other bytes for the file's.
TEST(LastPageTest, SaysOnlyWhatIsTrue) {
  Random random(2);
  std::string content;
  LastPage page;
  int known = 0;
  for (int round = 0; round < 20'000; ++round) {
    const uint64_t back = std::min<uint64_t>(content.size(), random.Below(2 * kPageBytes));
    const uint64_t offset = random.OneIn(3) ? content.size() : content.size() - back;
    const std::string piece = content.substr(offset) + Pattern(round, random.Below(3000));
    content.resize(offset);
    content += piece;
    page.Written(offset, AsBytes(piece));
    if (random.OneIn(20)) page.Forget();
    const uint64_t at = content.size() - random.Below(std::min<uint64_t>(content.size() + 1, 5000));
    std::string asked = content.substr(at, random.Below(5000));
    const bool right = asked.empty() || random.OneIn(2);
    if (!right) asked[random.Below(asked.size())] ^= 1;
    const auto has = page.Has(at, AsBytes(asked));
    if (!has.has_value()) continue;
    ++known;
    ASSERT_EQ(*has, right) << round;
  }
  EXPECT_GT(known, 1000);
}

}  // namespace
}  // namespace ashlar
