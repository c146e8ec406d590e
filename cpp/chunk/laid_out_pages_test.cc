#include "cpp/chunk/laid_out_pages.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

namespace ashlar {
namespace {

constexpr uint32_t kClusterShift = 8;  // 256 pages
constexpr uint32_t kBlobPages = 16384;

class LaidOutPagesTest : public ::testing::Test {
 protected:
  PrivateBlob* AddBlob(uint32_t root, uint32_t used_pages = 0) {
    auto blob = std::make_unique<PrivateBlob>(
        MetadataPageIndex{root}, kBlobPages, kClusterShift,
        std::vector<uint64_t>(kBlobPages >> kClusterShift, uint64_t{0}));
    EXPECT_TRUE(blob->bitmap.MarkUsed({0, used_pages}));
    space_.Add(blob.get());
    blobs_.push_back(std::move(blob));
    return blobs_.back().get();
  }

  std::vector<std::unique_ptr<PrivateBlob>> blobs_;
  ReactorSpace space_;
  LaidOutPages pages_{space_};
};

TEST_F(LaidOutPagesTest, GivesOutOnlyWhatHasBeenWritten) {
  PrivateBlob* blob = AddBlob(7);
  uint64_t location = 0;
  EXPECT_FALSE(pages_.Take(1, &location));
  const LaidOutPages::Run run = pages_.Begin();
  ASSERT_EQ(run.blob, blob);
  EXPECT_EQ(run.pages, (PageRun{0, LaidOutPages::kRunPages}));
  EXPECT_TRUE(pages_.is_writing());
  EXPECT_FALSE(pages_.Take(1, &location));
  EXPECT_EQ(pages_.Begin().blob, nullptr) << "one at a time";
  pages_.End(true);
  ASSERT_TRUE(pages_.Take(1, &location));
  EXPECT_EQ(location, PageAddress::Of(blob->root, 0).value);
}

// R3: what is being written with zeros, or given out, is nobody else's.
TEST_F(LaidOutPagesTest, R3NobodyElseGetsThesePages) {
  PrivateBlob* blob = AddBlob(7);
  pages_.Begin();
  const uint64_t free_before = space_.free_pages();
  EXPECT_EQ(free_before, kBlobPages - LaidOutPages::kRunPages);
  std::vector<uint64_t> other(PageBitmap::kMaxRun);
  space_.Allocate(PageBitmap::kMaxRun, other.data());
  for (const uint64_t location : other) {
    EXPECT_GE(PageAddress{location}.page(), LaidOutPages::kRunPages);
  }
  pages_.End(true);
  std::set<uint64_t> taken;
  for (uint32_t i = 0; i < LaidOutPages::kRunPages; ++i) {
    uint64_t location = 0;
    ASSERT_TRUE(pages_.Take(1, &location));
    EXPECT_TRUE(taken.insert(location).second);
    EXPECT_TRUE(blob->bitmap.IsUsed(PageAddress{location}.page()));
  }
  uint64_t location = 0;
  EXPECT_FALSE(pages_.Take(1, &location));
}

TEST_F(LaidOutPagesTest, OnlyFreshPagesAreLaidOutEachOnce) {
  PrivateBlob* blob = AddBlob(7, 300);
  const LaidOutPages::Run first = pages_.Begin();
  EXPECT_EQ(first.pages, (PageRun{300, 212})) << "up to the end of the cluster";
  pages_.End(true);
  ASSERT_TRUE(pages_.Release(blob));
  EXPECT_EQ(blob->bitmap.used(), 300u);
  EXPECT_EQ(pages_.Begin().pages.first, 512u) << "the pages before have been written";
}

TEST_F(LaidOutPagesTest, WhatCouldNotBeWrittenGoesBack) {
  PrivateBlob* blob = AddBlob(7);
  pages_.Begin();
  pages_.End(false);
  EXPECT_EQ(blob->bitmap.used(), 0u);
  EXPECT_EQ(space_.free_pages(), kBlobPages);
  uint64_t location = 0;
  EXPECT_FALSE(pages_.Take(1, &location));
}

TEST_F(LaidOutPagesTest, PagesThatAreBeingWrittenAreNotReleased) {
  PrivateBlob* blob = AddBlob(7);
  pages_.Begin();
  pages_.ReleaseAll();
  EXPECT_FALSE(pages_.Release(blob));
  EXPECT_EQ(pages_.PagesIn(blob), LaidOutPages::kRunPages);
  EXPECT_EQ(blob->bitmap.used(), LaidOutPages::kRunPages);
  pages_.End(true);
  pages_.ReleaseAll();
  EXPECT_EQ(pages_.PagesIn(blob), 0u);
  EXPECT_EQ(blob->bitmap.used(), 0u);
}

TEST_F(LaidOutPagesTest, NothingIsPutAsideWhenSpaceIsNotPlenty) {
  AddBlob(7, kBlobPages - 2000);
  EXPECT_EQ(pages_.Begin().blob, nullptr);
}

}  // namespace
}  // namespace ashlar
