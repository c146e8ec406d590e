// Long seeded sequences of operations against a model, with clean closes and power cuts in between;
// and many operations at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cpp/base/encoding.h"
#include "cpp/testing/blobstore_history.h"
#include "cpp/testing/crash_device.h"
#include "cpp/testing/random.h"
#include "cpp/testing/run_task.h"
#include "cpp/testing/test_blobstore.h"

namespace ashlar {
namespace {

using ::testing::IsEmpty;

constexpr uint32_t kClusterBytes = 64u << 10;

// What a blob must be. The model knows nothing of pages and extents.
struct ModelBlob {
  std::map<std::string, std::string> durable_xattrs;
  std::map<std::string, std::string> xattrs;
  std::vector<uint64_t> stamps;  // written at the start of each cluster; 0: not yet
  bool operator==(const ModelBlob&) const = default;
};
using Model = std::map<uint64_t, ModelBlob>;

class RandomRun {
 public:
  RandomRun(uint64_t seed, uint32_t sector_bytes) : random_(seed), sector_bytes_(sector_bytes) {
    CrashDeviceOptions options = Options();
    options.size_bytes = 4 * kMiB;
    Adopt(CrashDevice::Make(options));
    Expect(store_->Format({.cluster_bytes = kClusterBytes, .type = "", .metadata_pages = 40}));
    Expect(store_->Open());
  }

  void Step() {
    before_ = model_;
    began_ = device_->log_position();
    const uint64_t choice = random_.Below(100);
    if (choice < 22) {
      Create();
    } else if (model_.empty() || choice < 24) {
      CloseAndReopen();
    } else if (choice < 36) {
      Delete();
    } else if (choice < 58) {
      Resize();
    } else if (choice < 80) {
      ChangeXattrs();
    } else if (choice < 92) {
      Sync();
    } else {
      PowerCut();
    }
    CheckAgainstModel();
  }

  size_t power_cuts() const { return power_cuts_; }
  size_t refused() const { return refused_; }

 private:
  CrashDeviceOptions Options() {
    CrashDeviceOptions options;
    options.sector_bytes = sector_bytes_;
    options.seed = random_.Next();
    return options;
  }

  void Adopt(Result<std::unique_ptr<CrashDevice>> made) {
    ASSERT_TRUE(made.ok());
    device_ = made.value().get();
    store_ = std::make_unique<TestBlobstore>(std::move(made).value());
  }

  void Expect(const Status& status) { ASSERT_TRUE(status.ok()) << status.ToString(); }

  uint64_t UsedClusters() const {
    uint64_t used = 0;
    for (const auto& [id, blob] : model_) used += blob.stamps.size();
    return used;
  }
  uint64_t FreeClusters() { return store_->store().data_clusters() - UsedClusters(); }

  std::string RandomBytes() {
    std::string bytes(random_.OneIn(4) ? random_.Below(4000) : random_.Below(40), '\0');
    for (char& c : bytes) c = static_cast<char>(random_.Next());
    return bytes;
  }
  std::string RandomName() { return "name" + std::to_string(random_.Below(6)); }
  std::map<uint64_t, ModelBlob>::iterator RandomBlob() {
    return std::next(model_.begin(), static_cast<ptrdiff_t>(random_.Below(model_.size())));
  }

  // An operation may fail for want of space only, and then the model does not change.
  bool Done(const Status& status, bool clusters_suffice) {
    if (status.ok()) {
      EXPECT_TRUE(clusters_suffice);
      return true;
    }
    EXPECT_EQ(status.code(), StatusCode::kOutOfSpace) << status.ToString();
    ++refused_;
    return false;
  }

  void Create() {
    std::vector<Xattr> xattrs;
    ModelBlob blob;
    for (uint64_t n = random_.Below(4); n > 0; --n) {
      const std::string name = RandomName();
      if (blob.xattrs.contains(name)) continue;
      xattrs.push_back({name, RandomBytes()});
      blob.xattrs[name] = xattrs.back().value;
    }
    blob.durable_xattrs = blob.xattrs;
    const uint64_t clusters = random_.Below(9);
    const bool suffice = clusters <= FreeClusters();
    const Result<BlobId> id = store_->Create(clusters, xattrs);
    if (!Done(id.status(), suffice)) return;
    blob.stamps.resize(clusters);
    EXPECT_TRUE(model_.emplace(id.value().value, blob).second);
    Stamp(id.value().value);
  }

  void Delete() {
    const auto it = RandomBlob();
    Expect(store_->Delete(BlobId{it->first}));
    model_.erase(it);
  }

  void Resize() {
    const auto it = RandomBlob();
    const uint64_t clusters = random_.Below(random_.OneIn(10) ? 70 : 12);
    const bool suffice = clusters <= FreeClusters() + it->second.stamps.size();
    if (!Done(store_->Resize(BlobId{it->first}, clusters), suffice)) return;
    it->second.stamps.resize(clusters);
    Stamp(it->first);
  }

  void ChangeXattrs() {
    const auto it = RandomBlob();
    for (uint64_t n = 1 + random_.Below(3); n > 0; --n) {
      const std::string name = RandomName();
      if (random_.OneIn(3)) {
        EXPECT_EQ(store_->store().RemoveXattr(BlobId{it->first}, name).ok(),
                  it->second.xattrs.erase(name) > 0);
      } else {
        const std::string value = RandomBytes();
        Expect(store_->store().SetXattr(BlobId{it->first}, name, value));
        it->second.xattrs[name] = value;
      }
    }
    if (random_.OneIn(2)) SyncBlob(it);
  }

  void Sync() { SyncBlob(RandomBlob()); }

  void SyncBlob(Model::iterator it) {
    if (Done(store_->Sync(BlobId{it->first}), true)) it->second.durable_xattrs = it->second.xattrs;
  }

  // Marks clusters that have no stamp yet.
  void Stamp(uint64_t id) {
    std::vector<uint64_t>& stamps = model_[id].stamps;
    for (size_t i = 0; i < stamps.size(); ++i) {
      if (stamps[i] != 0) continue;
      stamps[i] = random_.Next() | 1;
      std::vector<uint8_t> bytes(8);
      StoreLittle<uint64_t>(bytes.data(), stamps[i]);
      store_->Write(store_->store().DeviceOffsetOf(BlobId{id}, i * kClusterBytes).value(), bytes);
    }
  }

  void CloseAndReopen() {
    const Status closed = store_->Close();
    if (!Done(closed, true)) return;  // no page left for syncing a blob's xattrs
    for (auto& [id, blob] : model_) blob.durable_xattrs = blob.xattrs;
    EXPECT_EQ(store_->Check(), "");
    Expect(store_->Open());
    EXPECT_TRUE(store_->store().open_report().was_clean);
  }

  // In the middle of one more operation.
  void PowerCut() {
    ++power_cuts_;
    Create();
    const Model after = model_;
    const size_t position = began_ + random_.Below(device_->log_position() - began_ + 1);
    DiskImage image = device_->CrashImage(position, random_.Next());
    Adopt(CrashDevice::FromImage(Options(), std::move(image)));
    Expect(store_->Open());
    EXPECT_THAT(store_->store().open_report().damaged, IsEmpty());
    EXPECT_THAT(store_->store().open_report().masks_distrusted, IsEmpty());
    EXPECT_EQ(store_->Check(), "");
    model_ = store_->store().blobs().size() == before_.size() ? before_ : after;
    for (auto& [id, blob] : model_) {
      blob.xattrs = blob.durable_xattrs;
      if (before_.contains(id)) continue;
      blob.stamps.assign(blob.stamps.size(), 0);  // perhaps they were not written
      if (store_->store().Contains(BlobId{id})) Stamp(id);
    }
  }

  void CheckAgainstModel() {
    const BlobstoreState found = StateOf(store_->store());
    ASSERT_EQ(found.size(), model_.size());
    std::set<uint64_t> owned;
    for (const auto& [id, blob] : model_) {
      const auto it = found.find(id);
      ASSERT_NE(it, found.end());
      ASSERT_EQ(it->second.xattrs, blob.xattrs);
      ASSERT_EQ(it->second.clusters.size(), blob.stamps.size());
      for (size_t i = 0; i < blob.stamps.size(); ++i) {
        const uint64_t cluster = it->second.clusters[i];
        ASSERT_TRUE(owned.insert(cluster).second);
        const auto bytes = store_->Read(cluster * kClusterBytes, 8);
        ASSERT_EQ(LoadLittle<uint64_t>(bytes.data()), blob.stamps[i]) << "cluster " << cluster;
      }
    }
    ASSERT_EQ(store_->store().free_clusters(), FreeClusters());
    ASSERT_TRUE(store_->store().failure().ok());
  }

  Random random_;
  const uint32_t sector_bytes_;
  CrashDevice* device_ = nullptr;
  std::unique_ptr<TestBlobstore> store_;
  Model model_;
  Model before_;
  size_t began_ = 0;
  size_t power_cuts_ = 0;
  size_t refused_ = 0;
};

TEST(BlobstoreRandomTest, AgreesWithTheModelAcrossClosesAndPowerCuts) {
  const uint64_t first_seed = TestSeed(21);
  size_t power_cuts = 0;
  size_t refused = 0;
  for (uint64_t seed = first_seed; seed < first_seed + 6; ++seed) {
    for (const uint32_t sector_bytes : {512u, 4096u}) {
      RandomRun run(seed, sector_bytes);
      for (int step = 0; step < 400; ++step) {
        run.Step();
        ASSERT_FALSE(HasFailure())
            << "ASHLAR_SEED=" << seed << ", sectors of " << sector_bytes << ", step " << step;
      }
      power_cuts += run.power_cuts();
      refused += run.refused();
    }
  }
  EXPECT_GT(power_cuts, 200u);
  EXPECT_GT(refused, 50u) << "space must run out now and then";
}

// Many callers at once on one thread: the blobstore takes them one after the other.
TEST(BlobstoreConcurrencyTest, OperationsIssuedTogetherTakeEffectOneAfterTheOther) {
  const uint64_t seed = TestSeed(22);
  CrashDeviceOptions options{.size_bytes = 16 * kMiB, .sector_bytes = 512, .seed = seed};
  auto made = CrashDevice::Make(options);
  CrashDevice* device = made.value().get();
  TestBlobstore store(std::move(made).value());
  ASSERT_TRUE(
      store.Format({.cluster_bytes = kClusterBytes, .type = "", .metadata_pages = 500}).ok());
  ASSERT_TRUE(store.Open().ok());
  ASSERT_TRUE(store.Close().ok());
  ASSERT_TRUE(store.Open().ok());
  const size_t began = device->log_position();

  Random random(seed);
  std::vector<BlobId> ids;
  int finished = 0;
  int expected = 0;
  const BlobCreateOptions two{.clusters = 2, .xattrs = {{"x", std::string(3000, 'x')}}};
  const auto count = [&](const Status& status) {
    EXPECT_TRUE(status.ok()) << status.ToString();
    ++finished;
  };
  for (int i = 0; i < 60; ++i, ++expected) {
    Spawn(store->Create(two), [&](Result<BlobId> id) {
      count(id.status());
      ids.push_back(id.value());
    });
  }
  while (finished < expected) store.channel().Poll();
  for (int i = 0; i < 60; ++i, ++expected) {
    const BlobId id = ids[static_cast<size_t>(i)];
    if (i % 3 == 0) {
      Spawn(store->Delete(id), count);
    } else if (i % 3 == 1) {
      Spawn(store->Resize(id, random.Below(4)), count);
    } else {
      ASSERT_TRUE(store->SetXattr(id, "x", "changed").ok());
      Spawn(store->SyncMetadata(id), count);
    }
    if (random.OneIn(2)) store.channel().Poll();
  }
  Spawn(store->Close(), count);
  ++expected;
  while (finished < expected) store.channel().Poll();

  EXPECT_EQ(store->blobs().size(), 40u);
  EXPECT_EQ(store.Check(), "");
  const BlobstoreState state = StateOf(store.store());
  ASSERT_TRUE(store.Open().ok());
  EXPECT_TRUE(store->open_report().was_clean);
  EXPECT_EQ(Difference(state, StateOf(store.store())), "");

  // At no moment was there a blob half made or a cluster in two.
  CrashImageOptions cuts{.seed = seed, .images = 300, .first_position = began};
  ForEachCrashImage(*device, cuts, [&](PowerCut& cut) {
    TestBlobstore after(CrashDevice::FromImage(options, cut.image).value());
    const Status opened = after.Open();
    EXPECT_TRUE(opened.ok()) << opened.ToString();
    if (!opened.ok()) return false;
    EXPECT_THAT(after->open_report().damaged, IsEmpty());
    EXPECT_THAT(after->open_report().masks_distrusted, IsEmpty());
    EXPECT_EQ(after.Check(), "");
    for (const BlobId id : after->blobs()) EXPECT_TRUE(after->GetXattr(id, "x").ok());
    return !HasFailure();
  });
}

// SetXattr while a sync is under way belongs to the next one.
TEST(BlobstoreConcurrencyTest, AnXattrSetDuringASyncIsNotLost) {
  auto made = CrashDevice::Make({.size_bytes = 4 * kMiB, .sector_bytes = 512});
  TestBlobstore store(std::move(made).value());
  ASSERT_TRUE(store.Format({.cluster_bytes = kClusterBytes, .type = "", .metadata_pages = 0}).ok());
  ASSERT_TRUE(store.Open().ok());
  const BlobId id = store.Create(1).value();
  ASSERT_TRUE(store->SetXattr(id, "a", "1").ok());
  bool finished = false;
  Spawn(store->SyncMetadata(id), [&](const Status& status) {
    EXPECT_TRUE(status.ok());
    finished = true;
  });
  ASSERT_FALSE(finished);
  ASSERT_TRUE(store->SetXattr(id, "b", "2").ok());
  while (!finished) store.channel().Poll();
  ASSERT_TRUE(store.Sync(id).ok());
  ASSERT_TRUE(store.Open().ok());
  EXPECT_EQ(store->GetXattr(id, "a").value(), "1");
  EXPECT_EQ(store->GetXattr(id, "b").value(), "2");
}

}  // namespace
}  // namespace ashlar
