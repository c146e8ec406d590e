#include "cpp/blobstore/blobstore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <optional>
#include <set>
#include <string>

#include "cpp/testing/blobstore_history.h"
#include "cpp/testing/crash_device.h"
#include "cpp/testing/run_task.h"
#include "cpp/testing/shared_device.h"
#include "cpp/testing/test_blobstore.h"

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kDeviceBytes = 64 * kMiB;

// Formatted and open, on 64 MiB of memory.
class BlobstoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_.Format().ok());
    ASSERT_TRUE(store_.Open().ok());
  }
  void Reopen() { ASSERT_TRUE(store_.Open().ok()); }
  void CloseAndReopen() {
    ASSERT_TRUE(store_.Close().ok());
    EXPECT_EQ(store_.Check(), "");
    Reopen();
    ASSERT_TRUE(store_->open_report().was_clean);
  }

  TestBlobstore store_ = TestBlobstore::InMemory(kDeviceBytes);
};

TEST_F(BlobstoreTest, AFormattedDeviceOpensCleanAndEmpty) {
  EXPECT_TRUE(store_->open_report().was_clean);
  EXPECT_THAT(store_->open_report().masks_distrusted, IsEmpty());
  EXPECT_THAT(store_->blobs(), IsEmpty());
  EXPECT_EQ(store_->type(), "BLOBFS");
  EXPECT_EQ(store_->cluster_bytes(), 1u << 20);
  EXPECT_EQ(store_->total_clusters(), 64u);
  EXPECT_EQ(store_->data_clusters(), 63u);
  EXPECT_EQ(store_->free_clusters(), 63u);
  EXPECT_EQ(store_.Check(), "");
}

TEST_F(BlobstoreTest, BlobsAreThereAfterADirtyAndAfterACleanReopen) {
  const BlobId id = store_.Create(5, {{"name", std::string("/a\0", 3)}}).value();
  EXPECT_EQ(store_->free_clusters(), 58u);
  const BlobstoreState state = StateOf(store_.store());
  Reopen();
  EXPECT_FALSE(store_->open_report().was_clean);
  EXPECT_EQ(StateOf(store_.store()), state);
  EXPECT_EQ(store_->free_clusters(), 58u);
  CloseAndReopen();
  EXPECT_EQ(StateOf(store_.store()), state);
  EXPECT_EQ(store_->GetXattr(id, "name").value(), std::string("/a\0", 3));
  EXPECT_EQ(store_->free_clusters(), 58u);
  ASSERT_TRUE(store_.Delete(id).ok());
  EXPECT_EQ(store_->free_clusters(), 63u);
  CloseAndReopen();
  EXPECT_THAT(store_->blobs(), IsEmpty());
  EXPECT_EQ(store_->free_clusters(), 63u);
}

TEST_F(BlobstoreTest, ClustersAreGivenOutLowestFirstAndKeepTheirPlace) {
  const BlobId a = store_.Create(2).value();
  const BlobId b = store_.Create(3).value();
  EXPECT_THAT(store_->ClustersOf(a).value(), ElementsAre(ClusterIndex{1}, ClusterIndex{2}));
  EXPECT_THAT(store_->ClustersOf(b).value(),
              ElementsAre(ClusterIndex{3}, ClusterIndex{4}, ClusterIndex{5}));
  ASSERT_TRUE(store_.Resize(a, 1).ok());
  ASSERT_TRUE(store_.Resize(b, 5).ok());
  EXPECT_THAT(store_->ClustersOf(b).value(),
              ElementsAre(ClusterIndex{3}, ClusterIndex{4}, ClusterIndex{5}, ClusterIndex{2},
                          ClusterIndex{6}));
  EXPECT_EQ(store_->ClusterOf(b, 3).value(), ClusterIndex{2});
  EXPECT_EQ(store_->DeviceOffsetOf(b, (3u << 20) + 4097).value(), (2u << 20) + 4097u);
}

TEST_F(BlobstoreTest, QuestionsAboutWhatIsNotThereAreAnsweredWithItsName) {
  const BlobId a = store_.Create(1, {{"name", "x"}}).value();
  EXPECT_EQ(store_->ClusterOf(a, 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->DeviceOffsetOf(a, 1u << 20).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->GetXattr(a, "length").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->RemoveXattr(a, "length").code(), StatusCode::kNotFound);
  for (const BlobId none : {BlobId{0}, BlobId{a.value + 1}, BlobId{a.root().value},
                            BlobId{(uint64_t{2} << 32) | a.root().value}, BlobId{UINT64_MAX}}) {
    EXPECT_FALSE(store_->Contains(none));
    EXPECT_EQ(store_->Info(none).status().code(), StatusCode::kNotFound);
    EXPECT_EQ(store_->Xattrs(none).status().code(), StatusCode::kNotFound);
    EXPECT_EQ(store_->ClustersOf(none).status().code(), StatusCode::kNotFound);
    EXPECT_EQ(store_.Delete(none).code(), StatusCode::kNotFound);
    EXPECT_EQ(store_.Resize(none, 1).code(), StatusCode::kNotFound);
    EXPECT_EQ(store_.Sync(none).code(), StatusCode::kNotFound);
    EXPECT_THAT(store_->SetXattr(none, "a", "b").ToString(), HasSubstr(std::to_string(none.value)));
  }
}

TEST_F(BlobstoreTest, XattrsChangeInMemoryAtOnceAndOnTheDeviceWithASync) {
  const BlobId id = store_.Create(1, {{"name", "old"}, {"length", "8 bytes."}}).value();
  ASSERT_TRUE(store_->SetXattr(id, "name", "new").ok());
  ASSERT_TRUE(store_->SetXattr(id, "more", "").ok());
  ASSERT_TRUE(store_->RemoveXattr(id, "length").ok());
  const BlobstoreState changed = StateOf(store_.store());
  EXPECT_EQ(changed.at(id.value).xattrs,
            (std::map<std::string, std::string>{{"name", "new"}, {"more", ""}}));
  // A resize in between does not carry them.
  ASSERT_TRUE(store_.Resize(id, 2).ok());
  EXPECT_EQ(store_->GetXattr(id, "name").value(), "new");
  Reopen();
  EXPECT_EQ(store_->GetXattr(id, "name").value(), "old");
  EXPECT_EQ(store_->Info(id).value().clusters, 2u);
  ASSERT_TRUE(store_->SetXattr(id, "name", "new").ok());
  ASSERT_TRUE(store_.Sync(id).ok());
  Reopen();
  EXPECT_EQ(store_->GetXattr(id, "name").value(), "new");
  // Close syncs what was forgotten.
  ASSERT_TRUE(store_->SetXattr(id, "name", "newer").ok());
  CloseAndReopen();
  EXPECT_EQ(store_->GetXattr(id, "name").value(), "newer");
}

TEST_F(BlobstoreTest, ASyncWithoutAChangeWritesNothing) {
  const BlobId id = store_.Create(1, {{"name", "x"}}).value();
  const uint64_t writes = store_.device().counters().writes;
  EXPECT_TRUE(store_.Sync(id).ok());
  EXPECT_TRUE(store_.Resize(id, 1).ok());
  EXPECT_EQ(store_.device().counters().writes, writes);
}

TEST_F(BlobstoreTest, AnOpenAndCloseWithoutAChangeWritesNothing) {
  ASSERT_TRUE(store_.Create(1).ok());
  CloseAndReopen();
  const DeviceCounters before = store_.device().counters();
  EXPECT_TRUE(store_.Close().ok());
  EXPECT_EQ(store_.device().counters().writes, before.writes);
  EXPECT_EQ(store_.device().counters().flushes, before.flushes);
}

TEST_F(BlobstoreTest, XattrsOfAnySizeUpToThePageFillChains) {
  const std::string largest(4062, 'v');
  const BlobId id = store_.Create(3, {{"n", largest}, {"a", ""}}).value();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store_->SetXattr(id, "x" + std::to_string(i), std::string(1000 + i, 'w')).ok());
  }
  ASSERT_TRUE(store_.Sync(id).ok());
  const BlobstoreState state = StateOf(store_.store());
  const uint64_t free_pages = store_->free_metadata_pages();
  Reopen();
  EXPECT_EQ(StateOf(store_.store()), state);
  EXPECT_EQ(store_->free_metadata_pages(), free_pages);
  EXPECT_EQ(store_.Check(), "");
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store_->RemoveXattr(id, "x" + std::to_string(i)).ok());
  }
  ASSERT_TRUE(store_.Sync(id).ok());
  EXPECT_GT(store_->free_metadata_pages(), free_pages);
  CloseAndReopen();
  EXPECT_EQ(store_->GetXattr(id, "n").value(), largest);
}

TEST_F(BlobstoreTest, RefusesBadXattrsAndNamesThem) {
  const BlobId id = store_.Create(1).value();
  const Status too_long = store_->SetXattr(id, "n", std::string(4063, 'v'));
  EXPECT_EQ(too_long.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(too_long.ToString(), HasSubstr("4063"));
  EXPECT_EQ(store_->SetXattr(id, "", "v").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.Create(1, {{"", "v"}}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.Create(1, {{"a", "1"}, {"a", "2"}}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_THAT(store_->blobs(), ElementsAre(id));
  EXPECT_EQ(store_->free_clusters(), 62u);
}

TEST_F(BlobstoreTest, WhenClustersRunOutNothingChanges) {
  const BlobId a = store_.Create(60).value();
  const uint64_t writes = store_.device().counters().writes;
  const uint64_t pages = store_->free_metadata_pages();
  const BlobstoreState state = StateOf(store_.store());
  for (const uint64_t clusters : {uint64_t{4}, uint64_t{1} << 40, UINT64_MAX}) {
    const Status status = store_.Create(clusters).status();
    EXPECT_EQ(status.code(), StatusCode::kOutOfSpace);
    EXPECT_THAT(status.ToString(), HasSubstr("3 of 64 free"));
  }
  EXPECT_EQ(store_.Resize(a, 64).code(), StatusCode::kOutOfSpace);
  EXPECT_EQ(store_.Resize(a, UINT64_MAX).code(), StatusCode::kOutOfSpace);
  EXPECT_EQ(store_.device().counters().writes, writes);
  EXPECT_EQ(StateOf(store_.store()), state);
  EXPECT_EQ(store_->free_clusters(), 3u);
  EXPECT_EQ(store_->free_metadata_pages(), pages);
  EXPECT_TRUE(store_.Resize(a, 63).ok());
  EXPECT_EQ(store_->free_clusters(), 0u);
  CloseAndReopen();
  EXPECT_EQ(store_->free_clusters(), 0u);
}

TEST_F(BlobstoreTest, WhenMetadataPagesRunOutNothingChangesAndRemovalsStillWork) {
  ASSERT_TRUE(store_.Format({.cluster_bytes = 64u << 10, .type = "", .metadata_pages = 20}).ok());
  Reopen();
  std::vector<BlobId> ids;
  Status full;
  while (true) {
    const Result<BlobId> id = store_.Create(1);
    if (!id.ok()) {
      full = id.status();
      break;
    }
    ids.push_back(id.value());
  }
  EXPECT_EQ(full.code(), StatusCode::kOutOfSpace);
  EXPECT_THAT(full.ToString(), HasSubstr("metadata pages"));
  EXPECT_EQ(ids.size(), 8u);
  const uint64_t free_clusters = store_->free_clusters();
  EXPECT_EQ(store_.Create(1).status().code(), StatusCode::kOutOfSpace);
  EXPECT_EQ(store_->free_clusters(), free_clusters);
  // What there is can still be changed and removed.
  ASSERT_TRUE(store_->SetXattr(ids[0], "x", std::string(4000, 'x')).ok());
  EXPECT_TRUE(store_.Sync(ids[0]).ok());
  EXPECT_TRUE(store_.Resize(ids[1], 2).ok());
  for (const char* name : {"u", "v", "w", "x", "y", "z"}) {
    ASSERT_TRUE(store_->SetXattr(ids[1], name, std::string(4000, 'x')).ok());
  }
  EXPECT_EQ(store_.Sync(ids[1]).code(), StatusCode::kOutOfSpace);
  EXPECT_TRUE(store_->failure().ok());
  for (const BlobId id : ids) EXPECT_TRUE(store_.Delete(id).ok());
  EXPECT_EQ(store_->free_metadata_pages(), 20u);
  EXPECT_EQ(store_->free_clusters(), store_->data_clusters());
  CloseAndReopen();
}

TEST_F(BlobstoreTest, ClustersMoveToSparesAndTheOldOnesAreFree) {
  const BlobId a = store_.Create(3).value();
  const BlobId b = store_.Create(1).value();
  const uint64_t free = store_->free_clusters();
  const std::vector<ClusterIndex> before = store_->ClustersOf(a).value();
  const ClusterIndex first = store_->TakeSpare(a).value();
  const ClusterIndex second = store_->TakeSpare(a).value();
  const ClusterIndex other = store_->TakeSpare(b).value();
  EXPECT_EQ(store_->free_clusters(), free - 3);
  EXPECT_EQ(store_->ClustersOf(a).value(), before);
  EXPECT_EQ(store_.Move(a, {{0, other}}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.Move(a, {{0, before[0]}}).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(store_.Move(a, {{1, second}, {UINT64_MAX, first}}).ok());
  const std::vector<ClusterIndex> after = {before[0], second, before[2]};
  EXPECT_EQ(store_->ClustersOf(a).value(), after);
  EXPECT_EQ(store_->free_clusters(), free - 1);
  EXPECT_EQ(store_.Move(a, {{0, second}}).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(store_.Delete(b).ok());
  EXPECT_EQ(store_->free_clusters(), free + 1);
  ASSERT_TRUE(store_->TakeSpare(a).ok());
  CloseAndReopen();
  EXPECT_EQ(store_->ClustersOf(a).value(), after);
  EXPECT_EQ(store_->free_clusters(), free + 1);
}

TEST_F(BlobstoreTest, APlaceThatIsMovedFromIsTakenOnlyOnceTheRootPageIsDurable) {
  const BlobId a = store_.Create(1).value();
  const ClusterIndex old = store_->ClusterOf(a, 0).value();
  const ClusterIndex spare = store_->TakeSpare(a).value();
  ASSERT_TRUE(store_.Create(store_->free_clusters()).ok());
  std::optional<Status> moved;
  Spawn(store_->SyncData(a, {.moves = {{0, spare}}}),
        [&](Status status) { moved = std::move(status); });
  int polls = 0;
  for (; !moved; ++polls) {
    ASSERT_EQ(store_->TakeSpare(a).status().code(), StatusCode::kOutOfSpace) << polls;
    store_.channel().Poll();
  }
  EXPECT_GT(polls, 2);
  ASSERT_TRUE(moved->ok());
  EXPECT_EQ(store_->TakeSpare(a).value(), old);
}

// Of one blob two syncs are under way: the first must not take along what the second says of data
// that is not durable yet.
TEST(BlobstoreDataTest, NoOtherSyncTakesAChangeAlongThatWaitsForItsData) {
  CrashDeviceOptions options;
  options.sector_bytes = 4096;
  const std::shared_ptr<CrashDevice> device = CrashDevice::Make(options).value();
  std::string operations;
  size_t second_done = 0;
  TestBlobstore store(std::make_unique<SharedDevice>(
      device,
      [&](const IoRequest& request) {
        if (operations == "wfwf") second_done = device->log_position();
        if (request.op == IoRequest::Op::kWrite) operations += 'w';
        if (request.op == IoRequest::Op::kFlush) operations += 'f';
      },
      nullptr));
  ASSERT_TRUE(store.Format({.cluster_bytes = 64u << 10}).ok());
  ASSERT_TRUE(store.Open().ok());
  const BlobId other = store.Create(1).value();
  const BlobId blob = store.Create(1).value();
  operations.clear();
  int under_way = 3;
  const auto done = [&](Status status) {
    EXPECT_TRUE(status.ok()) << status.ToString();
    --under_way;
  };
  ASSERT_TRUE(store->SetXattr(other, "name", "/other").ok());
  Spawn(store->SyncMetadata(other), done);
  ASSERT_TRUE(store->SetXattr(blob, "name", "/f").ok());
  ASSERT_TRUE(store->SetXattr(blob, "log", "yes").ok());
  Spawn(store->SyncMetadata(blob), done);
  Spawn(store->SyncData(blob, {.xattrs = {{"length", "9"}}, .removed = {"log", "none"}}), done);
  while (under_way > 0) store.channel().Poll();
  EXPECT_EQ(operations, "wfwffwf");
  EXPECT_EQ(store->Xattrs(blob).value(), std::vector<Xattr>({{"name", "/f"}, {"length", "9"}}));
  TestBlobstore second(
      CrashDevice::FromImage(options, device->CrashImage(second_done, 1)).value());
  ASSERT_TRUE(second.Open().ok());
  EXPECT_EQ(second->Xattrs(blob).value(), std::vector<Xattr>({{"name", "/f"}, {"log", "yes"}}));
}

TEST_F(BlobstoreTest, SpaceComesBackExactlyOverManyRounds) {
  for (int round = 0; round < 50; ++round) {
    const BlobId a = store_.Create(20, {{"n", std::string(3000, 'n')}}).value();
    const BlobId b = store_.Create(43).value();
    ASSERT_EQ(store_.Create(1).status().code(), StatusCode::kOutOfSpace);
    ASSERT_TRUE(store_.Resize(a, 7).ok());
    ASSERT_TRUE(store_.Resize(b, 56).ok());
    ASSERT_TRUE(store_.Delete(a).ok());
    ASSERT_TRUE(store_.Delete(b).ok());
    ASSERT_EQ(store_->free_clusters(), 63u);
  }
  EXPECT_EQ(store_->free_metadata_pages(), store_.ReadSuper().metadata.pages);
}

TEST_F(BlobstoreTest, ADeletedBlobLeavesNoPageThatCouldBeTakenForItsOwn) {
  const BlobId a = store_.Create(20, {{"n", std::string(3000, 'n')}, {"m", "m"}}).value();
  ASSERT_TRUE(store_->SetXattr(a, "o", std::string(3000, 'o')).ok());
  const SuperBlock super = store_.ReadSuper();
  ASSERT_TRUE(store_.Delete(a).ok());
  const std::vector<uint8_t> region =
      store_.Read(super.metadata.offset_bytes(), super.metadata.pages * size_t{kPageBytes});
  EXPECT_EQ(region, std::vector<uint8_t>(region.size()));
}

TEST_F(BlobstoreTest, AfterCloseEverythingIsRefusedButReadingAndClosing) {
  const BlobId id = store_.Create(1, {{"name", "x"}}).value();
  ASSERT_TRUE(store_.Close().ok());
  EXPECT_EQ(store_.Create(1).status().code(), StatusCode::kClosed);
  EXPECT_EQ(store_.Delete(id).code(), StatusCode::kClosed);
  EXPECT_EQ(store_.Resize(id, 2).code(), StatusCode::kClosed);
  EXPECT_EQ(store_->SetXattr(id, "a", "b").code(), StatusCode::kClosed);
  EXPECT_EQ(store_.Sync(id).code(), StatusCode::kClosed);
  EXPECT_TRUE(store_.Close().ok());
  EXPECT_EQ(store_->GetXattr(id, "name").value(), "x");
}

TEST_F(BlobstoreTest, AReadOnlyStoreWritesNothingEvenWhenItIsDirty) {
  const BlobId id = store_.Create(1).value();
  ASSERT_TRUE(store_.Open({.read_only = true, .type = ""}).ok());
  EXPECT_FALSE(store_->open_report().was_clean);
  const DeviceCounters before = store_.device().counters();
  EXPECT_EQ(store_.Create(1).status().code(), StatusCode::kReadOnly);
  EXPECT_EQ(store_.Delete(id).code(), StatusCode::kReadOnly);
  EXPECT_EQ(store_.Resize(id, 2).code(), StatusCode::kReadOnly);
  EXPECT_EQ(store_->SetXattr(id, "a", "b").code(), StatusCode::kReadOnly);
  EXPECT_TRUE(store_.Close().ok());
  EXPECT_EQ(store_.device().counters().writes, before.writes);
  EXPECT_EQ(store_.device().counters().flushes, before.flushes);
}

TEST_F(BlobstoreTest, TheTypeIsCheckedWhenAskedFor) {
  EXPECT_TRUE(store_.Open({.read_only = false, .type = "BLOBFS"}).ok());
  const Status status = store_.Open({.read_only = false, .type = "LVOLSTORE"});
  EXPECT_EQ(status.code(), StatusCode::kWrongFormat);
  EXPECT_THAT(status.ToString(), HasSubstr("'BLOBFS', not 'LVOLSTORE'"));
}

TEST_F(BlobstoreTest, AZeroedOrForeignDeviceIsRefusedUntouched) {
  for (const uint8_t first : {uint8_t{0}, uint8_t{0xeb}}) {
    std::vector<uint8_t> page(kPageBytes);
    page[0] = first;
    store_.Write(0, page);
    const uint64_t writes = store_.device().counters().writes;
    const Status status = store_.Open();
    EXPECT_EQ(status.code(), StatusCode::kWrongFormat);
    EXPECT_THAT(status.ToString(), HasSubstr(first == 0 ? "all zeros" : "eb 00 00"));
    EXPECT_EQ(store_.device().counters().writes, writes);
  }
}

TEST_F(BlobstoreTest, ADamagedSuperBlockIsRefusedUntouched) {
  store_.FlipBit(100, 2);
  const Status status = store_.Open();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.ToString(), HasSubstr("checksum"));
}

TEST(BlobstoreDeviceTest, ADeviceThatShrankIsRefused) {
  CrashDeviceOptions options{.size_bytes = 16 * kMiB};
  auto made = CrashDevice::Make(options);
  CrashDevice* device = made.value().get();
  TestBlobstore store(std::move(made).value());
  ASSERT_TRUE(store.Format().ok());
  std::vector<uint8_t> bytes = device->FullImage(device->log_position()).ToBytes();
  bytes.resize(15 * kMiB);
  TestBlobstore shrunk(CrashDevice::FromImage(options, DiskImage::FromBytes(bytes)).value());
  const Status status = shrunk.Open();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.ToString(), HasSubstr("shrunk"));
  EXPECT_THAT(status.ToString(), HasSubstr("16777216"));
  EXPECT_THAT(status.ToString(), HasSubstr("15728640"));
  bytes.resize(17 * kMiB);
  TestBlobstore grown(CrashDevice::FromImage(options, DiskImage::FromBytes(bytes)).value());
  EXPECT_TRUE(grown.Open().ok());
  EXPECT_EQ(grown->total_clusters(), 16u);
}

class FormatTest : public ::testing::Test {};

TEST_F(FormatTest, RefusesOptionsOutOfRange) {
  TestBlobstore store = TestBlobstore::InMemory(kDeviceBytes);
  for (const uint32_t bytes : {0u, 4096u, 32u << 10, 100000u, 3u << 20, 1u << 31}) {
    const Status status = store.Format({.cluster_bytes = bytes, .type = "", .metadata_pages = 0});
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.ToString(), HasSubstr(std::to_string(bytes)));
  }
  const Status type =
      store.Format({.cluster_bytes = 1u << 20, .type = "seventeen letters", .metadata_pages = 0});
  EXPECT_EQ(type.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(
      store.Format({.cluster_bytes = 1u << 20, .type = "", .metadata_pages = UINT32_MAX}).code(),
      StatusCode::kInvalidArgument);
  EXPECT_EQ(store.device().counters().writes, 0u);
}

TEST_F(FormatTest, ADeviceThatIsTooSmallIsNamedWithItsSizes) {
  TestBlobstore store = TestBlobstore::InMemory(kMiB);
  const Status status = store.Format();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.ToString(), HasSubstr("1048576 bytes is too small"));
  EXPECT_THAT(status.ToString(), HasSubstr("2097152"));
  EXPECT_EQ(store.device().counters().writes, 0u);
  EXPECT_TRUE(store.Format({.cluster_bytes = 64u << 10, .type = "", .metadata_pages = 0}).ok());
}

TEST_F(FormatTest, EverySizeThatIsAcceptedWorks) {
  for (uint64_t size = 64u << 10; size <= 8 * kMiB; size += 36u << 10) {
    for (const uint32_t cluster : {64u << 10, 128u << 10, 1u << 20}) {
      TestBlobstore store = TestBlobstore::InMemory(size);
      const Status formatted =
          store.Format({.cluster_bytes = cluster, .type = "", .metadata_pages = 0});
      if (!formatted.ok()) {
        ASSERT_EQ(formatted.code(), StatusCode::kInvalidArgument);
        ASSERT_LT(size, 2 * cluster);
        continue;
      }
      const Status opened = store.Open();
      ASSERT_TRUE(opened.ok()) << size << " " << cluster << " " << opened.ToString();
      ASSERT_EQ(store->total_clusters(), size / cluster);
      // The metadata fills its clusters: a page more would need a cluster more.
      const SuperBlock super = store.ReadSuper();
      ASSERT_GE(super.metadata.pages, size / cluster);
      ASSERT_LE(super.metadata_clusters() * super.pages_per_cluster() - super.metadata.end(), 4u);
      ASSERT_TRUE(store.Create(store->free_clusters()).ok());
      ASSERT_TRUE(store.Close().ok());
      ASSERT_EQ(store.Check(), "");
    }
  }
}

TEST_F(FormatTest, NothingOfAnEarlierStoreComesBack) {
  TestBlobstore store = TestBlobstore::InMemory(kDeviceBytes);
  ASSERT_TRUE(store.Format().ok());
  ASSERT_TRUE(store.Open().ok());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(store.Create(2, {{"n", "x"}}).ok());
  ASSERT_TRUE(store.Format({.cluster_bytes = 1u << 20, .type = "B", .metadata_pages = 100}).ok());
  ASSERT_TRUE(store.Open().ok());
  ASSERT_TRUE(store.Create(1).ok());
  ASSERT_TRUE(store.Open().ok());  // dirty: everything in the region is looked at
  EXPECT_EQ(store->blobs().size(), 1u);
  const auto report = store.Check();
  EXPECT_EQ(report, "");
}

// An I/O error in the nth write or flush of each operation: it is reported, it sticks, and the
// device holds the state before or after.
TEST(BlobstoreFailureTest, AFailedWriteOrFlushSticksAndHarmsNothing) {
  for (const IoRequest::Op op : {IoRequest::Op::kWrite, IoRequest::Op::kFlush}) {
    for (int operation = 0; operation < 5; ++operation) {
      for (uint64_t nth = 1; nth < 20; ++nth) {
        CrashDeviceOptions options{.size_bytes = 4 * kMiB, .sector_bytes = 512, .seed = nth};
        auto made = CrashDevice::Make(options);
        CrashDevice* device = made.value().get();
        TestBlobstore store(std::move(made).value());
        ASSERT_TRUE(
            store.Format({.cluster_bytes = 64u << 10, .type = "", .metadata_pages = 0}).ok());
        ASSERT_TRUE(store.Open().ok());
        const BlobId a = store.Create(3, {{"a", std::string(3000, 'a')}}).value();
        const BlobId b = store.Create(3, {{"b", std::string(3000, 'b')}}).value();
        ASSERT_TRUE(store.SetXattrAndSync(a, "c", std::string(3000, 'c')).ok());
        ASSERT_TRUE(store.Close().ok());
        ASSERT_TRUE(store.Open().ok());
        BlobstoreHistory history(device);
        history.Record(StateOf(store.store()));
        device->FailNth(op, nth, ENOSPC);
        Status status;
        if (operation == 0) status = store.Create(2, {{"x", "y"}}).status();
        if (operation == 1) status = store.Delete(a);
        if (operation == 2) status = store.Resize(b, 1);
        if (operation == 3) status = store.SetXattrAndSync(a, "c", "d");
        if (operation == 4) {
          ASSERT_TRUE(store->SetXattr(a, "c", "d").ok());
          status = store.Close();
        }
        if (status.ok()) {
          EXPECT_GT(nth, 3u);
          break;
        }
        EXPECT_THAT(status.ToString(), HasSubstr("errno 28"));
        device->ClearFaults();
        // It sticks, with the first message.
        EXPECT_EQ(store->failure().ToString(), status.ToString());
        if (operation != 4) {
          EXPECT_EQ(store.Create(1).status().ToString(), status.ToString());
          EXPECT_EQ(store.Delete(b).ToString(), status.ToString());
          EXPECT_EQ(store.Resize(b, 2).ToString(), status.ToString());
          EXPECT_EQ(store->SetXattr(b, "x", "y").ToString(), status.ToString());
          EXPECT_EQ(store.Sync(b).ToString(), status.ToString());
          EXPECT_EQ(store.Close().ToString(), status.ToString());
        }
        // The state before is there, or that after, whatever the drive kept.
        ASSERT_TRUE(store.Open().ok());
        EXPECT_THAT(store->open_report().damaged, IsEmpty());
        EXPECT_THAT(store->open_report().masks_distrusted, IsEmpty());
        EXPECT_EQ(store.Check(), "");
        uint64_t used = 0;
        for (const BlobId id : store->blobs()) used += store->Info(id).value().clusters;
        EXPECT_EQ(store->free_clusters() + used, store->data_clusters());
        ASSERT_TRUE(store.Close().ok());
        ASSERT_FALSE(HasFailure()) << "operation " << operation << ", nth " << nth;
      }
    }
  }
}

TEST(BlobstoreFailureTest, AnUnreadableMetadataSectorCostsOneBlob) {
  auto made = CrashDevice::Make({.size_bytes = 4 * kMiB, .sector_bytes = 4096});
  CrashDevice* device = made.value().get();
  TestBlobstore store(std::move(made).value());
  ASSERT_TRUE(store.Format({.cluster_bytes = 64u << 10, .type = "", .metadata_pages = 0}).ok());
  ASSERT_TRUE(store.Open().ok());
  const BlobId a = store.Create(3).value();
  const BlobId b = store.Create(3).value();
  const BlobId c = store.Create(3).value();
  ASSERT_TRUE(store.Close().ok());
  device->FailReads(store.MetadataOffset(b.root().value), kPageBytes, EIO);
  ASSERT_TRUE(store.Open().ok());
  EXPECT_THAT(store->blobs(), ElementsAre(a, c));
  ASSERT_EQ(store->open_report().damaged.size(), 1u);
  EXPECT_EQ(store->open_report().damaged[0].root, b.root());
  EXPECT_EQ(store->open_report().withheld_clusters, 3u);
}

}  // namespace
}  // namespace ashlar
