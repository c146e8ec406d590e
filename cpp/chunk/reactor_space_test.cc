#include "cpp/chunk/reactor_space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cpp/testing/cost.h"
#include "cpp/testing/random.h"

namespace ashlar {
namespace {

constexpr uint32_t kBlobPages = 1024;

class ReactorSpaceTest : public ::testing::Test {
 protected:
  PrivateBlob* AddBlob(uint32_t root) {
    const std::vector<uint64_t> clusters(kBlobPages / 256, 0);
    blobs_.push_back(
        std::make_unique<PrivateBlob>(MetadataPageIndex{root}, kBlobPages, 8, clusters));
    space_.Add(blobs_.back().get());
    return blobs_.back().get();
  }

  std::vector<uint64_t> Take(uint32_t count) {
    std::vector<uint64_t> locations(count);
    space_.Allocate(count, locations.data());
    return locations;
  }

  bool Give(uint64_t location) {
    const PageAddress address{location};
    for (const auto& blob : blobs_) {
      if (blob->root == address.blob()) return space_.Free(blob.get(), {address.page(), 1});
    }
    return false;
  }

  std::vector<std::unique_ptr<PrivateBlob>> blobs_;
  ReactorSpace space_;
};

TEST_F(ReactorSpaceTest, SmallWritesGetNeighbouringPagesAlthoughLowerOnesAreFree) {
  AddBlob(1);
  const std::vector<uint64_t> first = Take(200);
  for (size_t i = 0; i < first.size(); i += 2) ASSERT_TRUE(Give(first[i]));
  uint64_t before = Take(1)[0];
  for (int i = 0; i < 60; ++i) {
    const uint64_t next = Take(1)[0];
    EXPECT_EQ(next, before + 1);
    before = next;
  }
}

TEST_F(ReactorSpaceTest, EveryScatteredPageIsGivenOutBeforeSpaceEnds) {
  AddBlob(1);
  AddBlob(2);
  std::vector<uint64_t> all;
  for (uint32_t i = 0; i < 2 * kBlobPages; ++i) all.push_back(Take(1)[0]);
  EXPECT_EQ(space_.free_pages(), 0u);
  for (size_t i = 0; i < all.size(); i += 3) ASSERT_TRUE(Give(all[i]));
  std::set<uint64_t> again;
  while (space_.free_pages() > 0) EXPECT_TRUE(again.insert(Take(1)[0]).second);
  for (size_t i = 0; i < all.size(); i += 3) EXPECT_EQ(again.count(all[i]), 1u);
}

TEST_F(ReactorSpaceTest, NoPageHasTwoOwnersWhateverTheSizes) {
  for (uint32_t root = 1; root <= 4; ++root) AddBlob(root);
  const uint64_t seed = TestSeed(20);
  SCOPED_TRACE(seed);
  Random random(seed);
  std::set<uint64_t> used;
  std::vector<uint64_t> order;
  for (int step = 0; step < 20'000; ++step) {
    const auto count = static_cast<uint32_t>(random.OneIn(4) ? 1 + random.Below(256) : 1);
    if (random.OneIn(2) && space_.free_pages() >= count) {
      for (const uint64_t location : Take(count)) {
        ASSERT_TRUE(used.insert(location).second);
        order.push_back(location);
      }
    }
    for (uint32_t i = 0; i < count && !order.empty(); ++i) {
      std::swap(order[random.Below(order.size())], order.back());
      ASSERT_TRUE(Give(order.back()));
      used.erase(order.back());
      order.pop_back();
    }
    ASSERT_EQ(space_.free_pages(), 4 * kBlobPages - used.size());
  }
}

// Blobs of 64 MiB of which `percent` are used, at random.
class FilledSpace {
 public:
  explicit FilledSpace(uint32_t percent) : random_(percent) {
    for (uint32_t root = 0; root < kBlobs; ++root) {
      blobs_.push_back(std::make_unique<PrivateBlob>(MetadataPageIndex{root}, kPages, 8,
                                                     std::vector<uint64_t>(kPages / 256)));
      PageBitmap& bitmap = blobs_.back()->bitmap;
      while (bitmap.used() < kPages * percent / 100) {
        const auto page = static_cast<uint32_t>(random_.Below(kPages));
        if (!bitmap.MarkUsed({page, 1})) continue;
        // As many pages to work with at every percentage: the caches are not what is compared.
        if (random_.OneIn(percent / 5)) used_.push_back(PageAddress::Of({root}, page).value);
      }
      space_.Add(blobs_.back().get());
    }
  }

  // Frees a page and allocates one, many times.
  void Replace() {
    for (int i = 0; i < 5000; ++i) {
      uint64_t& victim = used_[random_.Below(used_.size())];
      const PageAddress address{victim};
      EXPECT_TRUE(space_.Free(blobs_[address.blob().value].get(), {address.page(), 1}));
      space_.Allocate(1, &victim);
    }
  }

 private:
  static constexpr uint32_t kPages = 16384;
  static constexpr uint32_t kBlobs = 12;

  Random random_;
  std::vector<std::unique_ptr<PrivateBlob>> blobs_;
  ReactorSpace space_;
  std::vector<uint64_t> used_;
};

TEST(ReactorSpaceCostTest, NearlyFullCostsAtMostTwiceNearlyEmpty) {
  FilledSpace nearly_empty(5);
  FilledSpace nearly_full(95);
  const Costs costs = CompareCosts(
      2, [&] { nearly_empty.Replace(); }, [&] { nearly_full.Replace(); });
  EXPECT_LE(costs.other_ns, 2 * costs.base_ns);
}

TEST_F(ReactorSpaceTest, TheStreamEndsWithItsBlob) {
  PrivateBlob* first = AddBlob(1);
  const uint64_t location = Take(1)[0];
  ASSERT_TRUE(Give(location));
  space_.Remove(first);
  AddBlob(2);
  EXPECT_EQ(PageAddress{Take(1)[0]}.blob().value, 2u);
}

}  // namespace
}  // namespace ashlar
