// The ordering rules of the data path (docs/design.md): R1, R2 and R3, on a drive that loses what
// was not flushed.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "ashlar/store.h"
#include "cpp/base/crc32c.h"
#include "cpp/testing/chunk_model.h"
#include "cpp/testing/test_store.h"

namespace ashlar {
namespace {

constexpr char kLabel[] = "rules";

TestStore::Options TwoReactors() {
  TestStore::Options options;
  options.reactors = 2;
  return options;
}

std::shared_ptr<CrashDevice> AddDevice(uint64_t size_bytes, RequestObserver observer = {}) {
  CrashDeviceOptions options;
  options.size_bytes = size_bytes;
  std::shared_ptr<CrashDevice> device = std::move(CrashDevice::Make(options)).value();
  DropCrashDevice(kLabel);
  EXPECT_TRUE(AddCrashDevice(kLabel, device, std::move(observer)).ok());
  return device;
}

// --- R1 and R2: what a crash leaves
// ----------------------------------------------------------------

// How the committer of these tests behaves; the defaults are the rules.
struct Committer {
  bool flushes = true;             // R1: before a commit counts
  bool frees_after_commit = true;  // R2: else right after the write
};

// A page that a commit made part of a chunk, and where it lies.
struct CommittedPage {
  uint64_t device_offset;
  uint32_t crc;
};

struct Commit {
  size_t position;  // of the log, when the commit counted
  std::vector<CommittedPage> pages;
};

// Rounds of overwrites, each committed as Java does it: writes, flush, commit, free of what was
// replaced. Little space, so that freed pages are soon written again.
class Rounds {
 public:
  Rounds(TestStore& test, CrashDevice& device, const Committer& committer)
      : test_(test), device_(device), committer_(committer), random_(TestSeed(5)), map_(kPages) {}

  void Run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      std::vector<MappedPage> replaced;
      for (int i = 0; i < 4; ++i) Overwrite(&replaced);
      if (committer_.flushes) {
        EXPECT_TRUE(test_.client().Flush(test_.store(), Reactor()).ok());
      }
      commits_.push_back({device_.log_position(), Committed()});
      Free(replaced);
    }
  }

  const std::vector<Commit>& commits() const { return commits_; }

 private:
  static constexpr uint32_t kPages = 600;

  uint32_t Reactor() { return static_cast<uint32_t>(random_.Below(2)); }

  void Overwrite(std::vector<MappedPage>* replaced) {
    const auto count = static_cast<uint32_t>(1 + random_.Below(60));
    const auto first = static_cast<uint32_t>(random_.Below(kPages - count));
    const auto head = static_cast<uint32_t>(random_.OneIn(2) ? 0 : random_.Below(4096));
    std::vector<uint8_t> bytes(count * kPageBytes - head);
    random_.Fill(bytes);
    const std::vector<MappedPage> old(map_.begin() + first, map_.begin() + first + count);
    auto written = test_.client().Write(test_.store(), Reactor(), old, head, bytes);
    ASSERT_TRUE(written.outcome.ok());
    std::copy(written.pages.begin(), written.pages.end(), map_.begin() + first);
    std::vector<MappedPage> gone;
    for (const MappedPage& page : old) {
      if (!page.location.IsHole()) gone.push_back(page);
    }
    if (!committer_.frees_after_commit) return Free(gone);
    replaced->insert(replaced->end(), gone.begin(), gone.end());
  }

  void Free(std::span<const MappedPage> pages) {
    for (; !pages.empty(); pages = pages.subspan(std::min<size_t>(pages.size(), 200))) {
      const auto some = pages.first(std::min<size_t>(pages.size(), 200));
      ASSERT_TRUE(test_.client().FreePages(test_.store(), Reactor(), some).ok());
    }
  }

  std::vector<CommittedPage> Committed() {
    std::vector<CommittedPage> pages;
    for (const MappedPage& page : map_) {
      if (page.location.IsHole()) continue;
      pages.push_back({test_.DeviceOffset(page.location), page.crc});
    }
    return pages;
  }

  TestStore& test_;
  CrashDevice& device_;
  const Committer committer_;
  Random random_;
  std::vector<MappedPage> map_;
  std::vector<Commit> commits_;
};

// Pages of the last commit before the power cut, and of the one before it while that one's pages
// were not free yet, that the image does not hold.
uint64_t LostPages(const PowerCut& cut, const std::vector<Commit>& commits) {
  uint64_t lost = 0;
  std::vector<uint8_t> bytes(kPageBytes);
  for (size_t i = 0; i < commits.size() && commits[i].position <= cut.position; ++i) {
    const bool is_last = i + 1 == commits.size() || commits[i + 1].position > cut.position;
    const bool is_before_last = i + 1 < commits.size() && commits[i + 1].position == cut.position;
    if (!is_last && !is_before_last) continue;
    for (const CommittedPage& page : commits[i].pages) {
      cut.image.Read(page.device_offset, bytes);
      if (Crc32c(bytes.data(), bytes.size()) != page.crc) ++lost;
    }
  }
  return lost;
}

uint64_t LostPagesOf(const Committer& committer, bool drive_lies) {
  const std::shared_ptr<CrashDevice> device = AddDevice(16 * kMiB);
  TestStore test(TwoReactors());
  EXPECT_TRUE(test.OpenAndStart(TestStore::Crash(kLabel, true)).ok());
  device->LieAboutFlush(drive_lies);
  Rounds rounds(test, *device, committer);
  const size_t start = device->log_position();
  rounds.Run(25);
  EXPECT_EQ(test->Numbers().internal_errors, 0u);
  EXPECT_TRUE(test.Close(false).ok());
  uint64_t lost = 0;
  CrashImageOptions images;
  images.seed = TestSeed(6);
  images.images = 150;
  images.first_position = start;
  ForEachCrashImage(*device, images, [&](PowerCut& cut) {
    lost += LostPages(cut, rounds.commits());
    return true;
  });
  // The moments at which a commit counts are the ones that matter most.
  for (const Commit& commit : rounds.commits()) {
    const PowerCut cut{commit.position, 7, device->CrashImage(commit.position, 7)};
    lost += LostPages(cut, rounds.commits());
  }
  DropCrashDevice(kLabel);
  return lost;
}

TEST(StoreRulesTest, R1AfterAFlushNoCrashLosesAPageThatWasAcknowledged) {
  EXPECT_EQ(LostPagesOf(Committer(), false), 0u);
}

// The three below show that the test above can fail.
TEST(StoreRulesTest, R1ADriveThatLiesAboutFlushesLosesPages) {
  EXPECT_GT(LostPagesOf(Committer(), true), 0u);
}
TEST(StoreRulesTest, R1ACommitterThatDoesNotFlushLosesPages) {
  EXPECT_GT(LostPagesOf({.flushes = false}, false), 0u);
}
TEST(StoreRulesTest, R2ACommitterThatFreesBeforeTheCommitLosesPages) {
  EXPECT_GT(LostPagesOf({.frees_after_commit = false}, false), 0u);
}

// --- R2 and R3: nobody writes a page that is in use
// --------------------------------------------------

// Sees every write on its way to the device. A page is taken from its first write until the client
// hands it to a free; a write to a taken page breaks R2 or R3.
class PageWatch {
 public:
  void Observe(const IoRequest& request) {
    if (request.op != IoRequest::Op::kWrite || request.offset_bytes < first_data_byte_) return;
    std::lock_guard<std::mutex> lock(mutex_);
    for (uint64_t done = 0; done < request.length_bytes; done += kPageBytes) {
      if (!taken_.insert(request.offset_bytes + done).second) ++violations_;
      ++pages_written_;
    }
  }
  void Release(uint64_t device_offset) {
    std::lock_guard<std::mutex> lock(mutex_);
    taken_.erase(device_offset);
  }
  void set_first_data_byte(uint64_t offset) { first_data_byte_ = offset; }
  uint64_t violations() const { return violations_; }
  uint64_t pages_written() const { return pages_written_; }

 private:
  std::atomic<uint64_t> first_data_byte_{~uint64_t{0}};
  std::mutex mutex_;
  std::set<uint64_t> taken_;
  uint64_t violations_ = 0;
  uint64_t pages_written_ = 0;
};

TEST(StoreRulesTest, R2R3NoPageIsWrittenAgainBeforeItWasFreed) {
  PageWatch watch;
  AddDevice(16 * kMiB, [&](const IoRequest& request) { watch.Observe(request); });
  TestStore test(TwoReactors());
  ASSERT_TRUE(test.OpenAndStart(TestStore::Crash(kLabel, true)).ok());
  const StoreNumbers numbers = test->Numbers();
  const uint64_t all_clusters = numbers.device.size_bytes / numbers.cluster_bytes;
  watch.set_first_data_byte((all_clusters - numbers.clusters) * numbers.cluster_bytes);

  ChunkModel::Options options;
  options.seed = TestSeed(31);
  options.chunks = 16;
  options.chunk_pages = 200;
  options.reactors = 2;
  options.allow_out_of_space = true;
  options.client = &test.client();
  options.store = &test.store();
  options.before_free = [&](std::span<const MappedPage> pages) {
    for (const MappedPage& page : pages) watch.Release(test.DeviceOffset(page.location));
  };
  ChunkModel model(options);
  ASSERT_EQ(model.Run(4000), "");
  EXPECT_EQ(watch.violations(), 0u);
  // Pages were written many times over: reuse was tested.
  EXPECT_GT(watch.pages_written(), 5 * numbers.clusters * numbers.cluster_bytes / kPageBytes);
  ASSERT_EQ(model.VerifyAll(), "");
  EXPECT_TRUE(test.Close(true).ok());
  DropCrashDevice(kLabel);
}

// --- the whole store on crash images
// -----------------------------------------------------------------

TEST(StoreRulesTest, AStoreOpenedOnACrashImageHasEveryCommittedPage) {
  const std::shared_ptr<CrashDevice> device = AddDevice(24 * kMiB);
  TestStore test(TwoReactors());
  ASSERT_TRUE(test.OpenAndStart(TestStore::Crash(kLabel, true)).ok());
  ChunkModel::Options options;
  options.seed = TestSeed(41);
  options.chunks = 8;
  options.reactors = 2;
  options.flush_before_free = true;
  options.client = &test.client();
  options.store = &test.store();
  ChunkModel model(options);
  ASSERT_EQ(model.Run(300), "");
  ASSERT_TRUE(test.client().Flush(test.store(), 1).ok());
  const size_t committed = device->log_position();
  const std::vector<MappedPage> pages = model.MappedPages();
  // Then more work, which the crash cuts through. None of the committed pages is freed in it.
  for (int i = 0; i < 40; ++i) {
    const std::vector<uint8_t> bytes(kPageBytes * 20, static_cast<uint8_t>(i));
    ASSERT_TRUE(
        test.client().Write(test.store(), 0, std::vector<MappedPage>(20), 0, bytes).outcome.ok());
  }
  ASSERT_TRUE(test.Close(false).ok());

  CrashImageOptions images;
  images.images = 25;
  images.first_position = committed;
  int opened = 0;
  ForEachCrashImage(*device, images, [&](PowerCut& cut) {
    CrashDeviceOptions image_options;
    DropCrashDevice("image");
    EXPECT_TRUE(
        AddCrashDevice("image", std::move(CrashDevice::FromImage(image_options, cut.image)).value())
            .ok());
    const Status status = test.Open(TestStore::Crash("image", false));
    EXPECT_TRUE(status.ok()) << status.ToString();
    if (!status.ok()) return false;
    EXPECT_EQ(test->id(), TestStore::Id());
    EXPECT_TRUE(test->Damage().empty());
    EXPECT_EQ(test.MarkUsed(pages), "");
    EXPECT_TRUE(test->Start().ok());
    model.set_store(&test.store());
    EXPECT_EQ(model.VerifyAll(), "");
    EXPECT_TRUE(test.Close(true).ok());
    ++opened;
    return !::testing::Test::HasFailure();
  });
  EXPECT_GE(opened, 25);
  DropCrashDevice("image");
  DropCrashDevice(kLabel);
}

}  // namespace
}  // namespace ashlar
