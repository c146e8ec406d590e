// Power cuts at every step of every operation: rules R5 and R6.
//
// Each operation runs on a drive with a volatile cache; hundreds of contents that a cut could leave
// are opened. The negative controls run the same on a drive that lies about its flushes, and must
// find violations: else the tests above them show nothing.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "cpp/testing/blobstore_history.h"
#include "cpp/testing/crash_device.h"
#include "cpp/testing/test_blobstore.h"

namespace ashlar {
namespace {

constexpr uint64_t kDeviceBytes = 8 * kMiB;
constexpr size_t kImages = 300;
const BlobstoreFormatOptions kFormat{
    .cluster_bytes = 64u << 10, .type = "BLOBFS", .metadata_pages = 24};

// Long enough to need a chain page each.
std::string Long(char c) { return std::string(3000, c); }

// A store with three blobs, two of them with chain pages, on a drive with sectors of 512 or 4096
// bytes; everything that is synced is recorded.
class CrashRun {
 public:
  explicit CrashRun(uint32_t sector_bytes, uint64_t seed) {
    CrashDeviceOptions options;
    options.size_bytes = kDeviceBytes;
    options.sector_bytes = sector_bytes;
    options.seed = seed;
    auto device = CrashDevice::Make(options);
    EXPECT_TRUE(device.ok());
    device_ = device.value().get();
    store_.emplace(std::move(device).value());
    history_.emplace(device_);
    EXPECT_TRUE(store_->Format(kFormat).ok());
    EXPECT_TRUE(store_->Open().ok());
    a_ = store_->Create(3, {{"name", "/a"}, {"long", Long('a')}, {"other", Long('b')}}).value();
    b_ = store_->Create(5, {{"name", "/b"}}).value();
    c_ = store_->Create(2, {{"name", "/c"}, {"long", Long('c')}, {"other", Long('d')}}).value();
  }

  TestBlobstore& store() { return *store_; }
  CrashDevice& device() { return *device_; }
  BlobId a() const { return a_; }
  BlobId b() const { return b_; }
  BlobId c() const { return c_; }

  void Record(bool closed = false) { history_->Record(StateOf(store_->store()), closed); }
  BlobstoreHistory& history() { return *history_; }

 private:
  CrashDevice* device_ = nullptr;
  std::optional<TestBlobstore> store_;
  std::optional<BlobstoreHistory> history_;
  BlobId a_, b_, c_;
};

struct Case {
  const char* name;
  // Each is one operation; the state after it is recorded.
  std::vector<std::function<void(CrashRun&)>> operations;
  bool starts_closed = false;  // the device is clean before the first
};

void ExpectOk(const Status& status) { EXPECT_TRUE(status.ok()) << status.ToString(); }

std::vector<Case> Cases() {
  std::vector<Case> cases;
  cases.push_back(
      {"Create", {[](CrashRun& run) {
         EXPECT_TRUE(
             run.store().Create(4, {{"name", "/d"}, {"x", Long('x')}, {"y", Long('y')}}).ok());
       }}});
  cases.push_back({"CreateWithoutClusters", {[](CrashRun& run) {
                     EXPECT_TRUE(run.store().Create(0, {{"name", "/d"}}).ok());
                   }}});
  cases.push_back({"FirstChangeAfterACleanOpen",
                   {[](CrashRun& run) { EXPECT_TRUE(run.store().Create(4).ok()); }},
                   true});
  cases.push_back({"Grow", {[](CrashRun& run) { ExpectOk(run.store().Resize(run.a(), 9)); }}});
  cases.push_back({"Shrink", {[](CrashRun& run) { ExpectOk(run.store().Resize(run.b(), 1)); }}});
  cases.push_back(
      {"ShrinkToNothing", {[](CrashRun& run) { ExpectOk(run.store().Resize(run.c(), 0)); }}});
  cases.push_back({"MoveClusters", {[](CrashRun& run) {
                     const ClusterIndex spare = run.store()->TakeSpare(run.b()).value();
                     ExpectOk(run.store()->SetXattr(run.b(), "name", "/renamed"));
                     ExpectOk(run.store().Move(run.b(), {{3, spare}}));
                   }}});
  cases.push_back({"MoveThenCreateInTheOldPlace",
                   {[](CrashRun& run) {
                      const ClusterIndex spare = run.store()->TakeSpare(run.a()).value();
                      ExpectOk(run.store().Move(run.a(), {{0, spare}}));
                    },
                    [](CrashRun& run) { EXPECT_TRUE(run.store().Create(1).ok()); }}});
  cases.push_back({"SetXattr", {[](CrashRun& run) {
                     ExpectOk(run.store()->SetXattr(run.a(), "name", "/renamed"));
                     ExpectOk(run.store()->SetXattr(run.a(), "more", Long('m')));
                     ExpectOk(run.store()->RemoveXattr(run.a(), "other"));
                     ExpectOk(run.store().Sync(run.a()));
                   }}});
  cases.push_back({"Delete", {[](CrashRun& run) { ExpectOk(run.store().Delete(run.a())); }}});
  cases.push_back({"Close", {[](CrashRun& run) { ExpectOk(run.store().Close()); }}});
  // What one operation releases, the next may take.
  cases.push_back({"DeleteThenCreate",
                   {[](CrashRun& run) { ExpectOk(run.store().Delete(run.a())); },
                    [](CrashRun& run) {
                      EXPECT_TRUE(run.store().Create(3, {{"z", Long('z')}, {"w", Long('w')}}).ok());
                    },
                    [](CrashRun& run) { ExpectOk(run.store().Delete(run.b())); },
                    [](CrashRun& run) { EXPECT_TRUE(run.store().Create(8).ok()); }}});
  cases.push_back({"ShrinkThenGrowOther",
                   {[](CrashRun& run) { ExpectOk(run.store().Resize(run.b(), 1)); },
                    [](CrashRun& run) { ExpectOk(run.store().Resize(run.a(), 9)); },
                    [](CrashRun& run) { ExpectOk(run.store().Resize(run.a(), 2)); },
                    [](CrashRun& run) { ExpectOk(run.store().Resize(run.c(), 12)); }}});
  cases.push_back(
      {"SyncOneAfterTheOther",
       {[](CrashRun& run) { ExpectOk(run.store().SetXattrAndSync(run.a(), "long", Long('1'))); },
        [](CrashRun& run) { ExpectOk(run.store().SetXattrAndSync(run.c(), "long", Long('2'))); },
        [](CrashRun& run) { ExpectOk(run.store().SetXattrAndSync(run.a(), "long", Long('3'))); }}});
  cases.push_back({"CloseOpenChangeClose",
                   {[](CrashRun& run) { ExpectOk(run.store().Close()); },
                    [](CrashRun& run) {
                      ExpectOk(run.store().Open());
                      ExpectOk(run.store().Delete(run.c()));
                    },
                    [](CrashRun& run) { ExpectOk(run.store().Close()); }}});
  return cases;
}

// "" or the first violation.
std::string RunCase(const Case& it, uint32_t sector_bytes, uint64_t seed, bool lie) {
  CrashRun run(sector_bytes, seed);
  if (it.starts_closed) {
    ExpectOk(run.store().Close());
    ExpectOk(run.store().Open());
  }
  run.Record();
  run.device().LieAboutFlush(lie);
  for (const auto& operation : it.operations) {
    const size_t index = static_cast<size_t>(&operation - it.operations.data());
    operation(run);
    run.Record(std::string(it.name).find("Close") != std::string::npos &&
               index + 1 == it.operations.size());
  }
  EXPECT_EQ(run.device().buffers_changed_in_flight(), 0u);
  return run.history().CheckAll(seed, kImages);
}

class CrashTest : public ::testing::TestWithParam<std::tuple<size_t, uint32_t>> {
 protected:
  Case the_case() const { return Cases()[std::get<0>(GetParam())]; }
  uint32_t sector_bytes() const { return std::get<1>(GetParam()); }
};

TEST_P(CrashTest, EachOperationIsEntirelyThereOrEntirelyAbsent) {
  const uint64_t seed = TestSeed(11);
  EXPECT_EQ(RunCase(the_case(), sector_bytes(), seed, false), "") << "ASHLAR_SEED=" << seed;
}

// Without flushes the same power cuts break it.
TEST_P(CrashTest, NegativeControlADriveThatLiesAboutFlushesIsFoundOut) {
  std::string violation;
  for (uint64_t seed = 1; seed <= 5 && violation.empty(); ++seed) {
    violation = RunCase(the_case(), sector_bytes(), seed, true);
  }
  EXPECT_NE(violation, "");
}

INSTANTIATE_TEST_SUITE_P(Operations, CrashTest,
                         ::testing::Combine(::testing::Range(size_t{0}, Cases().size()),
                                            ::testing::Values(512u, 4096u)),
                         [](const auto& param) {
                           return std::string(Cases()[std::get<0>(param.param)].name) +
                                  "OnSectorsOf" + std::to_string(std::get<1>(param.param));
                         });

// Opens an image on a drive of its own.
struct Opened {
  Opened(const DiskImage& image, uint32_t sector_bytes, uint64_t seed) {
    CrashDeviceOptions options;
    options.sector_bytes = sector_bytes;
    options.seed = seed;
    auto made = CrashDevice::FromImage(options, image);
    EXPECT_TRUE(made.ok());
    device = made.value().get();
    store.emplace(std::move(made).value());
    status = store->Open();
  }
  CrashDevice* device = nullptr;
  std::optional<TestBlobstore> store;
  Status status;
};

class SectorTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  uint32_t sector_bytes() const { return GetParam(); }
};

// What a power cut in Format leaves, given what it may leave of the store that was there.
std::string RunFormat(uint32_t sector_bytes, uint64_t seed, bool on_old_store, bool lie) {
  CrashRun run(sector_bytes, seed);
  if (on_old_store) {
    ExpectOk(run.store().Close());
  } else {
    run.store().Write(0, std::vector<uint8_t>(3 * kPageBytes));  // metadata of nobody knows what
  }
  const BlobstoreState before = StateOf(run.store().store());
  CrashImageOptions cuts{.seed = seed, .images = kImages};
  cuts.first_position = run.device().log_position();
  run.device().LieAboutFlush(lie);
  BlobstoreFormatOptions format = kFormat;
  format.type = "new";
  ExpectOk(run.store().Format(format));
  const size_t formatted = run.device().log_position();
  std::string violation;
  bool refused_some = false;
  ForEachCrashImage(run.device(), cuts, [&](PowerCut& cut) {
    Opened after(cut.image, sector_bytes, cut.seed);
    if (!after.status.ok()) {
      refused_some = true;
      const bool right_code = after.status.code() == StatusCode::kWrongFormat ||
                              after.status.code() == StatusCode::kCorrupt;
      if (!right_code || cut.position >= formatted) violation = after.status.ToString();
    } else if (after.store->store().type() == "new") {
      if (!after.store->store().open_report().was_clean) violation = "not clean";
      violation += Difference({}, StateOf(after.store->store())) + after.store->Check();
    } else if (!on_old_store || cut.position >= formatted) {
      violation = "the old store is there";
    } else {
      violation = Difference(before, StateOf(after.store->store()));
    }
    return violation.empty();
  });
  EXPECT_TRUE(refused_some || !violation.empty());
  return violation;
}

TEST_P(SectorTest, FormatLeavesTheOldStoreOrNothingOrTheNewOne) {
  const uint64_t seed = TestSeed(12);
  EXPECT_EQ(RunFormat(sector_bytes(), seed, true, false), "") << "ASHLAR_SEED=" << seed;
  EXPECT_EQ(RunFormat(sector_bytes(), seed, false, false), "") << "ASHLAR_SEED=" << seed;
}

TEST_P(SectorTest, NegativeControlFormatOnADriveThatLiesAboutFlushes) {
  EXPECT_NE(RunFormat(sector_bytes(), 1, true, true), "");
  EXPECT_NE(RunFormat(sector_bytes(), 1, false, true), "");
}

// No dirty mark, no change: whoever trusts the masks of a clean super block finds them true.
TEST_P(SectorTest, ACleanSuperBlockAlwaysComesWithTrueMasks) {
  CrashRun run(sector_bytes(), 3);
  ExpectOk(run.store().Close());
  CrashImageOptions cuts{.seed = TestSeed(13), .images = kImages};
  for (int round = 0; round < 3; ++round) {
    ExpectOk(run.store().Open());
    EXPECT_TRUE(run.store()->open_report().was_clean);
    ExpectOk(run.store().Delete(run.store()->blobs()[0]));
    EXPECT_TRUE(run.store().Create(4).ok());
    ExpectOk(run.store().Close());
  }
  size_t clean = 0;
  ForEachCrashImage(run.device(), cuts, [&](PowerCut& cut) {
    Opened after(cut.image, sector_bytes(), cut.seed);
    if (!after.status.ok()) return true;  // while it was formatted
    EXPECT_EQ(after.store->store().open_report().masks_distrusted, "");
    clean += after.store->store().open_report().was_clean ? 1 : 0;
    return !::testing::Test::HasFailure();
  });
  EXPECT_GT(clean, 0u);
}

// A power cut while a torn page is being repaired is repaired like the first.
TEST(ShadowCrashTest, ACutDuringTheRepairIsRepairedAgain) {
  size_t repaired_roots = 0;
  size_t repaired_supers = 0;
  for (const char* name : {"SetXattr", "Delete", "Create", "FirstChangeAfterACleanOpen"}) {
    CrashRun run(512, 4);
    ExpectOk(run.store().Close());
    ExpectOk(run.store().Open());
    CrashImageOptions cuts{.seed = TestSeed(14), .images = 200};
    cuts.first_position = run.device().log_position();
    for (const Case& it : Cases()) {
      if (std::string(it.name) == name) it.operations[0](run);
    }
    ForEachCrashImage(run.device(), cuts, [&](PowerCut& cut) {
      Opened once(cut.image, 512, cut.seed);
      ExpectOk(once.status);
      if (!once.status.ok()) return false;
      const BlobstoreOpenReport& report = once.store->store().open_report();
      if (report.roots_repaired == 0 && !report.super_block_repaired) return true;
      repaired_roots += report.roots_repaired;
      repaired_supers += report.super_block_repaired ? 1 : 0;
      BlobstoreHistory history(once.device);
      history.Record(StateOf(once.store->store()));
      CrashImageOptions again{.seed = cut.seed, .images = 10};
      ForEachCrashImage(*once.device, again, [&](PowerCut& second) {
        Opened twice(second.image, 512, second.seed);
        ExpectOk(twice.status);
        if (!twice.status.ok()) return false;
        EXPECT_EQ(Difference(StateOf(once.store->store()), StateOf(twice.store->store())), "");
        EXPECT_EQ(twice.store->Check(), "");
        return !::testing::Test::HasFailure();
      });
      return !::testing::Test::HasFailure();
    });
  }
  EXPECT_GT(repaired_roots, 10u);
  EXPECT_GT(repaired_supers, 2u);
}

// A store that was made without the shadow area (SPDK's) can be torn: one blob is lost, and said
// to be, but no more.
TEST(ShadowCrashTest, WithoutTheAreaATornRootCostsOneBlobAndTheReportWarns) {
  CrashRun run(512, 5);
  ExpectOk(run.store().Close());
  SuperBlock super = run.store().ReadSuper();
  super.ashlar_magic = 0;
  run.store().WriteSuper(super);
  ExpectOk(run.store().Open());
  EXPECT_FALSE(run.store()->open_report().shadowed);
  EXPECT_FALSE(run.store()->open_report().atomic_writes);
  ExpectOk(run.store()->SetXattr(run.b(), "name", "/other"));
  ExpectOk(run.store()->SetXattr(run.b(), "x", std::string(2500, 'x')));
  CrashImageOptions cuts{.seed = 1, .images = kImages};
  cuts.first_position = run.device().log_position();
  ExpectOk(run.store().Sync(run.b()));
  size_t torn = 0;
  ForEachCrashImage(run.device(), cuts, [&](PowerCut& cut) {
    Opened after(cut.image, 512, cut.seed);
    if (!after.status.ok()) return true;  // the super block can be torn, too
    const auto& damaged = after.store->store().open_report().damaged;
    torn += damaged.size();
    EXPECT_LE(damaged.size(), 1u);
    EXPECT_EQ(after.store->store().blobs().size() + damaged.size(), 3u);
    if (damaged.empty()) return true;
    EXPECT_EQ(damaged[0].root, run.b().root());
    // Nothing of the damaged blob is given out.
    std::set<uint64_t> lost;
    auto clusters = run.store()->ClustersOf(run.b());
    for (const ClusterIndex cluster : *clusters) {
      lost.insert(cluster.value);
    }
    while (true) {
      const auto id = after.store->Create(1);
      if (!id.ok()) break;
      EXPECT_FALSE(lost.contains(after.store->store().ClusterOf(id.value(), 0).value().value));
    }
    return !::testing::Test::HasFailure();
  });
  EXPECT_GT(torn, 0u);
}

// A shadow left by a crash must not bring back an old page once pages are written without it.
TEST(ShadowCrashTest, AShadowThatIsNoLongerKeptIsErasedBeforeTheFirstChange) {
  CrashRun run(512, 6);
  ExpectOk(run.store().SetXattrAndSync(run.b(), "name", "/new"));
  const DiskImage image = run.device().FullImage(run.device().log_position());
  Opened atomic(image, 4096, 1);
  ASSERT_TRUE(atomic.status.ok());
  EXPECT_TRUE(atomic.store->store().open_report().atomic_writes);
  EXPECT_FALSE(atomic.store->store().open_report().shadowed);
  EXPECT_NE(atomic.store->Read(kPageBytes, kPageBytes), std::vector<uint8_t>(kPageBytes));
  CrashImageOptions cuts{.seed = 1, .images = kImages};
  cuts.first_position = atomic.device->log_position();
  ExpectOk(atomic.store->SetXattrAndSync(run.b(), "name", "/newer"));
  size_t changed = 0;
  ForEachCrashImage(*atomic.device, cuts, [&](PowerCut& cut) {
    Opened after(cut.image, 512, cut.seed);
    ExpectOk(after.status);
    if (!after.status.ok()) return false;
    if (after.store->store().GetXattr(run.b(), "name").value() != "/newer") return true;
    ++changed;
    std::vector<uint8_t> shadow(2 * kPageBytes);
    cut.image.Read(kPageBytes, shadow);
    EXPECT_EQ(shadow, std::vector<uint8_t>(2 * kPageBytes));
    return !::testing::Test::HasFailure();
  });
  EXPECT_GT(changed, 0u);
}

// Rot is not a torn write: the shadow must not hide it, its image may be outdated.
TEST(ShadowCrashTest, ARottenPageIsNotRestoredFromTheShadow) {
  CrashRun run(512, 7);
  ExpectOk(run.store().SetXattrAndSync(run.b(), "name", "/new"));
  const uint64_t root = run.store().MetadataOffset(run.b().root().value);
  run.store().FlipBit(root + 1000, 3);
  ExpectOk(run.store().Open());
  EXPECT_EQ(run.store()->open_report().roots_repaired, 0u);
  ASSERT_EQ(run.store()->open_report().damaged.size(), 1u);
  EXPECT_EQ(run.store()->open_report().damaged[0].root, run.b().root());
}

// Whatever the shadow says, a repaired super block is not believed to be clean.
TEST(ShadowCrashTest, ARepairedSuperBlockIsDirty) {
  CrashRun run(512, 8);
  CrashImageOptions cuts{.seed = 3, .images = 2000};
  cuts.first_position = run.device().log_position();
  ExpectOk(run.store().Close());
  size_t repaired = 0;
  ForEachCrashImage(run.device(), cuts, [&](PowerCut& cut) {
    Opened after(cut.image, 512, cut.seed);
    ExpectOk(after.status);
    if (!after.status.ok()) return false;
    const BlobstoreOpenReport& report = after.store->store().open_report();
    if (report.super_block_repaired) {
      ++repaired;
      EXPECT_FALSE(report.was_clean);
      EXPECT_FALSE(after.store->ReadSuper().closed_cleanly());
    }
    return !::testing::Test::HasFailure();
  });
  EXPECT_GT(repaired, 0u);
}

INSTANTIATE_TEST_SUITE_P(Sectors, SectorTest, ::testing::Values(512u, 4096u));

}  // namespace
}  // namespace ashlar
