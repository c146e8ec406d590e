#include "cpp/chunk/page_bitmap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cpp/testing/cost.h"
#include "cpp/testing/random.h"

namespace ashlar {
namespace {

TEST(PageBitmapTest, GivesTheLowestPagesFirstAndEachOnce) {
  PageBitmap bitmap(130);
  for (uint32_t page = 0; page < 130; ++page) {
    EXPECT_EQ(bitmap.Allocate(1), (PageRun{page, 1}));
  }
  EXPECT_EQ(bitmap.Allocate(1), PageRun{});
  EXPECT_EQ(bitmap.used(), 130u);
}

TEST(PageBitmapTest, ReusesALowPageThatWasFreed) {
  PageBitmap bitmap(16384);
  while (bitmap.Allocate(256).count > 0) {
  }
  ASSERT_EQ(bitmap.free_pages(), 0u);
  EXPECT_TRUE(bitmap.Free({9000, 3}));
  EXPECT_TRUE(bitmap.Free({70, 1}));
  EXPECT_EQ(bitmap.Allocate(1), (PageRun{70, 1}));
  EXPECT_EQ(bitmap.Allocate(1), (PageRun{9000, 1}));
}

TEST(PageBitmapTest, GivesAWholeRunWhereThereIsOneAndElseTheLongest) {
  PageBitmap bitmap(1024);
  ASSERT_TRUE(bitmap.MarkUsed({0, 1024}));
  ASSERT_TRUE(bitmap.Free({3, 2}));
  ASSERT_TRUE(bitmap.Free({60, 9}));
  ASSERT_TRUE(bitmap.Free({500, 130}));
  ASSERT_TRUE(bitmap.Free({1020, 4}));
  EXPECT_EQ(bitmap.Allocate(100), (PageRun{500, 100}));
  EXPECT_EQ(bitmap.Allocate(100), (PageRun{600, 30}));
  EXPECT_FALSE(bitmap.MayHaveRun(31));
  EXPECT_EQ(bitmap.Allocate(9), (PageRun{60, 9}));
  EXPECT_EQ(bitmap.Allocate(4), (PageRun{1020, 4}));
  EXPECT_EQ(bitmap.Allocate(4), (PageRun{3, 2}));
  EXPECT_EQ(bitmap.Allocate(4), PageRun{});
}

TEST(PageBitmapTest, FreedNeighboursJoinIntoALongRun) {
  PageBitmap bitmap(512);
  ASSERT_TRUE(bitmap.MarkUsed({0, 512}));
  ASSERT_TRUE(bitmap.Free({100, 50}));
  ASSERT_TRUE(bitmap.Free({200, 50}));
  EXPECT_EQ(bitmap.Allocate(51).count, 50u);
  EXPECT_FALSE(bitmap.MayHaveRun(51));
  ASSERT_TRUE(bitmap.Free({100, 50}));
  ASSERT_TRUE(bitmap.Free({150, 50}));
  EXPECT_EQ(bitmap.Allocate(150), (PageRun{100, 150}));
}

TEST(PageBitmapTest, RefusesToMarkTwiceOrFreeTwiceAndChangesNothing) {
  PageBitmap bitmap(300);
  ASSERT_TRUE(bitmap.MarkUsed({10, 100}));
  EXPECT_FALSE(bitmap.MarkUsed({109, 2}));
  EXPECT_FALSE(bitmap.IsUsed(110));
  EXPECT_FALSE(bitmap.Free({109, 2}));
  EXPECT_TRUE(bitmap.IsUsed(109));
  EXPECT_EQ(bitmap.used(), 100u);
}

TEST(PageBitmapTest, RefusesRunsPastTheEnd) {
  PageBitmap bitmap(100);
  EXPECT_FALSE(bitmap.MarkUsed({99, 2}));
  EXPECT_FALSE(bitmap.MarkUsed({100, 1}));
  EXPECT_FALSE(bitmap.MarkUsed({4'000'000'000u, 4'000'000'000u}));
  // The bits after the last page are set in the words; they are not pages.
  EXPECT_FALSE(bitmap.Free({100, 1}));
  EXPECT_FALSE(bitmap.Free({64, 64}));
}

TEST(PageBitmapTest, SavedWordsGiveTheSameBitmap) {
  PageBitmap bitmap(200);
  ASSERT_TRUE(bitmap.MarkUsed({3, 70}));
  ASSERT_TRUE(bitmap.MarkUsed({199, 1}));
  const std::vector<uint64_t> words = bitmap.Words();
  PageBitmap loaded(200);
  ASSERT_TRUE(loaded.Load(words));
  EXPECT_EQ(loaded.Words(), words);
  EXPECT_EQ(loaded.used(), 71u);
  EXPECT_EQ(loaded.Allocate(3), (PageRun{0, 3}));
  EXPECT_EQ(loaded.Allocate(1), (PageRun{73, 1}));
}

TEST(PageBitmapTest, RefusesWordsOfAnotherLengthOrWithBitsPastTheEnd) {
  PageBitmap bitmap(200);
  std::vector<uint64_t> words(4);
  words[3] = uint64_t{1} << 8;
  EXPECT_FALSE(bitmap.Load(words));
  words[3] = 0;
  EXPECT_TRUE(bitmap.Load(words));
  words.push_back(0);
  EXPECT_FALSE(bitmap.Load(words));
}

// The plainest bitmap there is, with the same promises.
class Model {
 public:
  explicit Model(uint32_t pages) : used_(pages) {}

  PageRun Longest(uint32_t wanted) const {
    PageRun longest;
    for (uint32_t page = 0; page < used_.size();) {
      uint32_t count = 0;
      while (page + count < used_.size() && !used_[page + count] && count < wanted) ++count;
      if (count > longest.count) longest = PageRun{page, count};
      page += std::max(count, 1u);
    }
    return longest;
  }
  bool All(PageRun run, bool value) const {
    if (run.first > used_.size() || run.count > used_.size() - run.first) return false;
    return std::all_of(used_.begin() + run.first, used_.begin() + run.first + run.count,
                       [value](bool bit) { return bit == value; });
  }
  void Set(PageRun run, bool value) { std::fill_n(used_.begin() + run.first, run.count, value); }
  bool at(uint32_t page) const { return used_[page]; }

 private:
  std::vector<bool> used_;
};

class PageBitmapModelTest : public ::testing::TestWithParam<uint32_t> {};

TEST_P(PageBitmapModelTest, RandomStepsAgreeWithTheModel) {
  const uint64_t seed = TestSeed(GetParam());
  SCOPED_TRACE(::testing::Message() << "ASHLAR_SEED=" << seed);
  Random random(seed);
  const uint32_t pages = 1 + static_cast<uint32_t>(random.Below(3000));
  PageBitmap bitmap(pages);
  Model model(pages);
  // Phases that fill and phases that empty, so that every degree of fullness is met.
  bool filling = true;
  for (int step = 0; step < 4000; ++step) {
    if (random.OneIn(400)) filling = !filling;
    const auto length = static_cast<uint32_t>(1 + random.Below(random.OneIn(4) ? 256 : 6));
    const PageRun run{static_cast<uint32_t>(random.Below(pages)), length};
    if (random.OneIn(20)) {
      const bool expected = model.All(run, false);
      ASSERT_EQ(bitmap.MarkUsed(run), expected);
      if (expected) model.Set(run, true);
    } else if (random.OneIn(4) != filling) {
      const PageRun given = bitmap.Allocate(length);
      const PageRun longest = model.Longest(length);
      ASSERT_EQ(given.count, longest.count);
      ASSERT_EQ(given.first, longest.first);
      model.Set(given, true);
    } else {
      const bool expected = model.All(run, true);
      ASSERT_EQ(bitmap.Free(run), expected);
      if (expected) model.Set(run, false);
    }
    if (random.OneIn(200)) {
      const std::vector<uint64_t> words = bitmap.Words();
      ASSERT_TRUE(bitmap.Load(words));
    }
  }
  for (uint32_t page = 0; page < pages; ++page) ASSERT_EQ(bitmap.IsUsed(page), model.at(page));
}

INSTANTIATE_TEST_SUITE_P(Seeds, PageBitmapModelTest, ::testing::Range(1u, 21u));

// A bitmap of which `percent` are used, at random.
class FilledBitmap {
 public:
  explicit FilledBitmap(uint32_t percent) : bitmap_(kPages), random_(percent) {
    while (bitmap_.used() < kPages * percent / 100) {
      const auto page = static_cast<uint32_t>(random_.Below(kPages));
      if (bitmap_.MarkUsed({page, 1}) && random_.OneIn(percent / 5)) used_.push_back(page);
    }
  }

  // Frees a page and allocates one, many times.
  void Replace() {
    for (int i = 0; i < 20000; ++i) {
      uint32_t& victim = used_[random_.Below(used_.size())];
      EXPECT_TRUE(bitmap_.Free({victim, 1}));
      victim = bitmap_.Allocate(1).first;
    }
  }

 private:
  static constexpr uint32_t kPages = 16384;

  PageBitmap bitmap_;
  Random random_;
  std::vector<uint32_t> used_;
};

TEST(PageBitmapTest, ANearlyFullBitmapCostsAtMostTwiceANearlyEmptyOne) {
  FilledBitmap nearly_empty(5);
  FilledBitmap nearly_full(95);
  const Costs costs = CompareCosts(
      2, [&] { nearly_empty.Replace(); }, [&] { nearly_full.Replace(); });
  EXPECT_LE(costs.other_ns, 2 * costs.base_ns);
}

}  // namespace
}  // namespace ashlar
