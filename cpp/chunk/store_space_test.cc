// Space: private blobs grow and go back, move between reactors, and a full device loses nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "ashlar/store.h"
#include "cpp/testing/chunk_model.h"
#include "cpp/testing/random.h"
#include "cpp/testing/test_store.h"

namespace ashlar {
namespace {

TestStore::Options Reactors(uint32_t reactors) {
  TestStore::Options options;
  options.reactors = reactors;
  return options;
}

// Writes `count` fresh pages; no pages when the store is out of space.
std::vector<MappedPage> WriteFresh(TestStore& test, uint32_t reactor, uint32_t count,
                                   uint8_t byte = 1) {
  const std::vector<uint8_t> bytes(uint64_t{count} * kPageBytes, byte);
  auto written =
      test.client().Write(test.store(), reactor, std::vector<MappedPage>(count), 0, bytes);
  EXPECT_TRUE(written.outcome.ok() || written.outcome.code == StatusCode::kOutOfSpace);
  return written.pages;
}

// Writes runs of `count` pages until there is no space; returns all pages.
std::vector<MappedPage> Fill(TestStore& test, uint32_t reactor, uint32_t count) {
  std::vector<MappedPage> all;
  while (true) {
    const std::vector<MappedPage> pages = WriteFresh(test, reactor, count);
    if (pages.empty()) return all;
    all.insert(all.end(), pages.begin(), pages.end());
  }
}

std::string Free(TestStore& test, uint32_t reactor, std::span<const MappedPage> pages) {
  for (size_t at = 0; at < pages.size(); at += kSegmentPages) {
    const OpOutcome outcome = test.client().FreePages(
        test.store(), reactor,
        pages.subspan(at, std::min<size_t>(kSegmentPages, pages.size() - at)));
    if (!outcome.ok()) return "free failed with " + std::to_string(static_cast<int>(outcome.code));
  }
  return {};
}

TEST(StoreSpaceTest, AFullDeviceRefusesWritesAndTakesThemAgainAfterFrees) {
  TestStore test(Reactors(1));
  ASSERT_TRUE(test.OpenAndStart(TestStore::Memory(64 * kMiB)).ok());
  std::vector<MappedPage> pages = Fill(test, 0, 256);
  const std::vector<MappedPage> rest = Fill(test, 0, 1);
  pages.insert(pages.end(), rest.begin(), rest.end());
  // Every page that may be given out is in use; what is kept back is the reserve.
  StoreNumbers numbers = test->Numbers();
  EXPECT_EQ(numbers.used_pages, pages.size());
  EXPECT_EQ(numbers.private_pages, pages.size());
  EXPECT_EQ(numbers.free_clusters, 3u);  // a sixteenth of 63, at most 4
  EXPECT_EQ(numbers.private_pages + 3 * 256, numbers.clusters * 256);

  // A page freed is a page that can be written.
  ASSERT_EQ(Free(test, 0, std::span(pages).subspan(1000, 1)), "");
  EXPECT_EQ(WriteFresh(test, 0, 2).size(), 0u);
  const std::vector<MappedPage> again = WriteFresh(test, 0, 1);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].location, pages[1000].location);
  EXPECT_EQ(WriteFresh(test, 0, 1).size(), 0u);

  // Nothing was lost, and everything comes back.
  std::vector<uint8_t> back(kPageBytes);
  for (size_t i = 0; i < pages.size(); i += 97) {
    ASSERT_TRUE(test.client().Read(test.store(), 0, std::span(pages).subspan(i, 1), 0, back).ok());
  }
  ASSERT_EQ(Free(test, 0, pages), "");
  EXPECT_EQ(test->Numbers().used_pages, 0u);
  ASSERT_TRUE(test->Quiesce().ok());
  numbers = test->Numbers();
  EXPECT_EQ(numbers.private_blobs, 0u);
  EXPECT_EQ(numbers.free_clusters, numbers.clusters);
  EXPECT_EQ(numbers.internal_errors, 0u);
}

TEST(StoreSpaceTest, AFullDeviceHoldsTheSameUnderAnyNumberOfReactors) {
  for (const uint32_t reactors : {2u, 3u}) {
    TestStore test(Reactors(reactors));
    ASSERT_TRUE(test.OpenAndStart(TestStore::Memory(64 * kMiB)).ok());
    // One reactor takes all there is, though the others were first.
    for (uint32_t r = 0; r < reactors; ++r) ASSERT_EQ(WriteFresh(test, r, 1).size(), 1u);
    const std::vector<MappedPage> pages = Fill(test, reactors - 1, 1);
    EXPECT_EQ(test->Numbers().used_pages, test->Numbers().private_pages);
    EXPECT_EQ(test->Numbers().free_clusters, 3u);
    EXPECT_EQ(test->Numbers().used_pages, 60 * 256u);
    // Freed through another reactor, then used by a third.
    ASSERT_EQ(Free(test, 0, pages), "");
    EXPECT_EQ(test->Numbers().used_pages, reactors);
    EXPECT_EQ(Fill(test, 0, 1).size(), pages.size());
    EXPECT_EQ(test->Numbers().internal_errors, 0u);
  }
}

TEST(StoreSpaceTest, AWriteTakesScatteredPagesOfOtherReactorsBeforeItFails) {
  TestStore test(Reactors(2));
  ASSERT_TRUE(test.OpenAndStart(TestStore::Memory(64 * kMiB)).ok());
  std::vector<MappedPage> pages = Fill(test, 0, 1);
  // Every 64th page is free: 240 pages, nowhere two together, all of them owned by reactor 0.
  std::vector<MappedPage> freed;
  for (size_t i = 0; i < pages.size(); i += 64) freed.push_back(pages[i]);
  ASSERT_EQ(freed.size(), 240u);
  ASSERT_EQ(Free(test, 0, freed), "");
  EXPECT_EQ(WriteFresh(test, 1, 241).size(), 0u);
  const std::vector<MappedPage> written = WriteFresh(test, 1, 240, 7);
  ASSERT_EQ(written.size(), 240u);
  std::vector<uint8_t> back(240 * kPageBytes);
  ASSERT_TRUE(test.client().Read(test.store(), 0, written, 0, back).ok());
  EXPECT_TRUE(std::ranges::all_of(back, [](uint8_t b) { return b == 7; }));
  EXPECT_EQ(WriteFresh(test, 0, 1).size(), 0u);
}

// Each reactor has some free pages, and writes that need more wait on all of them: while they do,
// the reactors take from each other what they have.
TEST(StoreSpaceTest, WritesThatCompeteForTooFewPagesAllEndAndOneIsServed) {
  constexpr uint32_t kReactors = 3;
  constexpr uint32_t kPages = 180;
  const uint64_t seed = TestSeed(55);
  SCOPED_TRACE(::testing::Message() << "ASHLAR_SEED=" << seed);
  Random random(seed);
  const std::vector<uint8_t> bytes(kPages * kPageBytes, 1);
  StoreOpenOptions options = TestStore::Memory(16 * kMiB);
  options.format_options.cluster_bytes = 64 << 10;  // many blobs, so that few pages change hands
  for (int round = 0; round < 20; ++round) {
    TestStore test(Reactors(kReactors));
    ASSERT_TRUE(test.OpenAndStart(options).ok());
    std::vector<std::vector<MappedPage>> all(kReactors);
    for (uint32_t i = 0, refused = 0; refused < kReactors; ++i) {
      const std::vector<MappedPage> pages = WriteFresh(test, i % kReactors, 16);
      all[i % kReactors].insert(all[i % kReactors].end(), pages.begin(), pages.end());
      refused = pages.empty() ? refused + 1 : 0;
    }
    for (std::vector<MappedPage>& pages : all) {
      std::vector<MappedPage> freed;
      for (uint64_t i = 60 + random.Below(90); i > 0; --i) freed.push_back(pages[i * 7]);
      ASSERT_EQ(Free(test, 0, freed), "");
    }
    int served = 0;
    const auto first = static_cast<uint32_t>(random.Below(kReactors));
    for (uint32_t i = 0; i < 2 * kReactors; ++i) {
      const uint32_t slot = test.client().TakeSlot();
      test.client().FillWrite(test.client().slot(slot), test.store(),
                              std::vector<MappedPage>(kPages), 0, bytes);
      test.client().Submit((first + i) % kReactors, slot,
                           [&](OpSlot& done) { served += done.status == 0 ? 1 : 0; });
    }
    test.client().WaitForAll();
    EXPECT_GE(served, 1) << "round " << round;
    ASSERT_TRUE(test.Close(true).ok());
  }
}

TEST(StoreSpaceTest, BlobsThatEmptyGoBackToTheBlobstoreAndOneIsKept) {
  TestStore test(Reactors(1));
  ASSERT_TRUE(test.OpenAndStart(TestStore::Memory(1 * kGiB)).ok());
  std::vector<MappedPage> pages;
  for (int i = 0; i < 200; ++i) {  // more than three blobs of 64 MiB
    const std::vector<MappedPage> more = WriteFresh(test, 0, 256);
    pages.insert(pages.end(), more.begin(), more.end());
  }
  EXPECT_GE(test->Numbers().private_blobs, 4u);
  ASSERT_EQ(Free(test, 0, pages), "");
  // The deletions run on the reactor meanwhile.
  for (int i = 0; i < 1000 && test->Numbers().private_blobs > 1; ++i) {
    ASSERT_TRUE(test.client().Flush(test.store(), 0).ok());
  }
  EXPECT_EQ(test->Numbers().private_blobs, 1u);
  EXPECT_EQ(test->Numbers().private_pages, 16384u);
  ASSERT_TRUE(test->Quiesce().ok());
  EXPECT_EQ(test->Numbers().private_blobs, 0u);
  EXPECT_EQ(test->Numbers().free_clusters, test->Numbers().clusters);
}

TEST(StoreSpaceTest, ADeviceOfFewClustersIsFilledToo) {
  TestStore test(Reactors(2));
  StoreOpenOptions options = TestStore::Memory(16 * kMiB);
  options.format_options.cluster_bytes = 4u << 20;
  ASSERT_TRUE(test.OpenAndStart(options).ok());
  const size_t pages = Fill(test, 0, 1).size() + Fill(test, 1, 1).size();
  const StoreNumbers numbers = test->Numbers();
  EXPECT_EQ(pages, numbers.clusters * 1024);
  EXPECT_EQ(numbers.free_clusters, 0u);
}

TEST(StoreSpaceTest, RandomWorkOnANearlyFullDeviceKeepsTheAccountsExact) {
  const uint64_t seed = TestSeed(99);
  SCOPED_TRACE(::testing::Message() << "ASHLAR_SEED=" << seed);
  TestStore test(Reactors(3));
  ASSERT_TRUE(test.OpenAndStart(TestStore::Memory(16 * kMiB)).ok());
  ChunkModel::Options options;
  options.seed = seed;
  options.chunks = 24;  // up to 6144 pages; the device has fewer
  options.chunk_pages = 256;
  options.reactors = 3;
  options.allow_out_of_space = true;
  options.client = &test.client();
  options.store = &test.store();
  ChunkModel model(options);
  ASSERT_EQ(model.Run(4000), "");
  EXPECT_GT(model.out_of_space(), 0u);
  EXPECT_EQ(test->Numbers().used_pages, model.mapped_pages());
  ASSERT_EQ(model.VerifyAll(), "");
  ASSERT_EQ(model.FreeAll(), "");
  EXPECT_EQ(test->Numbers().used_pages, 0u);
  EXPECT_EQ(test->Numbers().internal_errors, 0u);
  ASSERT_TRUE(test->Quiesce().ok());
  EXPECT_EQ(test->Numbers().free_clusters, test->Numbers().clusters);
}

TEST(StoreSpaceTest, WritesThatFailLoseNoPageThoughBlobsMoveMeanwhile) {
  const uint64_t seed = TestSeed(77);
  SCOPED_TRACE(::testing::Message() << "ASHLAR_SEED=" << seed);
  CrashDeviceOptions crash;
  crash.size_bytes = 16 * kMiB;
  crash.max_delay_polls = 12;
  std::shared_ptr<CrashDevice> device = std::move(CrashDevice::Make(crash)).value();
  ASSERT_TRUE(AddCrashDevice("space", device).ok());
  TestStore test(Reactors(3));
  ASSERT_TRUE(test.OpenAndStart(TestStore::Crash("space", true)).ok());
  // Every cluster in a private blob, and a part of each kept: no change of metadata follows, so
  // that the failures hit data only.
  const std::vector<MappedPage> all = Fill(test, 0, 1);
  std::vector<MappedPage> kept;
  std::vector<MappedPage> freed;
  for (size_t i = 0; i < all.size(); ++i) (i % 64 < 24 ? kept : freed).push_back(all[i]);
  ASSERT_EQ(Free(test, 1, freed), "");

  ChunkModel::Options options;
  options.seed = seed;
  options.chunks = 20;
  options.chunk_pages = 220;
  options.reactors = 3;
  options.allow_out_of_space = true;
  options.allow_io_errors = true;
  options.client = &test.client();
  options.store = &test.store();
  ChunkModel model(options);
  Random random(seed);
  for (int round = 0; round < 60; ++round) {
    device->FailNth(IoRequest::Op::kWrite, 1 + random.Below(20), EIO);
    ASSERT_EQ(model.Run(50), "");
  }
  EXPECT_GT(model.io_errors(), 20u);
  EXPECT_GT(model.out_of_space(), 0u);
  device->ClearFaults();
  EXPECT_EQ(test->Numbers().used_pages, model.mapped_pages() + kept.size());
  EXPECT_EQ(test->Numbers().internal_errors, 0u);
  ASSERT_EQ(model.VerifyAll(), "");
  EXPECT_TRUE(test.Close(true).ok());
  DropCrashDevice("space");
}

TEST(StoreSpaceTest, WritesBeforeStartAndAfterQuiesceAreRefused) {
  TestStore test(Reactors(1));
  ASSERT_TRUE(test.Open(TestStore::Memory(64 * kMiB)).ok());
  const std::vector<uint8_t> bytes(kPageBytes, 1);
  const std::vector<MappedPage> holes(1);
  EXPECT_EQ(test.client().Write(test.store(), 0, holes, 0, bytes).outcome.code,
            StatusCode::kReadOnly);
  ASSERT_TRUE(test->Start().ok());
  EXPECT_EQ(test->Start().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(test.client().Write(test.store(), 0, holes, 0, bytes).outcome.ok());
  ASSERT_TRUE(test->Quiesce().ok());
  EXPECT_EQ(test.client().Write(test.store(), 0, holes, 0, bytes).outcome.code,
            StatusCode::kClosed);
  EXPECT_TRUE(test->Quiesce().ok());
}

}  // namespace
}  // namespace ashlar
