// Opening: identity, generation, recovery of the bitmaps, and devices that are not ours.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ashlar/store.h"
#include "cpp/blobstore/blobstore.h"
#include "cpp/chunk/store_identity.h"
#include "cpp/testing/run_task.h"
#include "cpp/testing/temp_dir.h"
#include "cpp/testing/test_store.h"

namespace ashlar {
namespace {

// Runs `change` on the blobstore of a crash device that no store has open.
void WithBlobstore(CrashDevice& device, const std::function<void(Channel&, Blobstore&)>& change) {
  std::unique_ptr<Channel> channel = std::move(device.OpenChannel()).value();
  {
    BlobstoreOpenOptions options;
    auto opened = RunTask(*channel, Blobstore::Open(*channel, device.info(), options));
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    change(*channel, **opened);
  }
}

class StoreOpenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CrashDeviceOptions options;
    options.size_bytes = 32 * kMiB;
    device_ = std::move(CrashDevice::Make(options)).value();
    ASSERT_TRUE(AddCrashDevice("open", device_).ok());
  }
  void TearDown() override { DropCrashDevice("open"); }

  Status Format() { return test_.Open(TestStore::Crash("open", true)); }
  Status Reopen() { return test_.Open(TestStore::Crash("open", false)); }

  // A store with `count` pages in use, closed cleanly.
  std::vector<MappedPage> StoreWithPages(uint32_t count) {
    EXPECT_TRUE(test_.OpenAndStart(TestStore::Crash("open", true)).ok());
    const std::vector<uint8_t> bytes(count * kPageBytes, 9);
    auto written = test_.client().Write(test_.store(), 0, std::vector<MappedPage>(count), 0, bytes);
    EXPECT_TRUE(written.outcome.ok());
    EXPECT_TRUE(test_.Close(true).ok());
    return written.pages;
  }
  BadRun MarkBad(std::vector<SpaceRun> runs) {
    std::vector<BadRun> bad;
    EXPECT_TRUE(test_->MarkUsed(runs, &bad).ok());
    EXPECT_EQ(bad.size(), 1u);
    return bad.empty() ? BadRun{} : bad[0];
  }

  std::shared_ptr<CrashDevice> device_;
  TestStore test_;
};

TEST_F(StoreOpenTest, TheIdentityAndTheGenerationAreKept) {
  ASSERT_TRUE(Format().ok());
  EXPECT_EQ(test_->id(), TestStore::Id());
  EXPECT_EQ(test_->Generation().value(), 0u);
  ASSERT_TRUE(test_->SetGeneration(0x123456789abcdef0).ok());
  ASSERT_TRUE(test_.Close(false).ok());
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(test_->id(), TestStore::Id());
  EXPECT_EQ(test_->Generation().value(), 0x123456789abcdef0u);
}

TEST_F(StoreOpenTest, TheIdentityLiesWhereTheFormatSays) {
  ASSERT_TRUE(Format().ok());
  ASSERT_TRUE(test_->SetGeneration(5).ok());
  ASSERT_TRUE(test_.Close(true).ok());
  WithBlobstore(*device_, [](Channel&, Blobstore& blobstore) {
    EXPECT_EQ(blobstore.type(), "BLOBFS");
    const auto identity = FindIdentity(blobstore);
    ASSERT_TRUE(identity.ok());
    const BlobId blob = identity.value().blob;
    const std::string name("/.ashlar/store\0", 15);
    EXPECT_EQ(blobstore.GetXattr(blob, "name").value(), name);
    EXPECT_EQ(blobstore.GetXattr(blob, "length").value(), std::string(8, '\0'));
    EXPECT_EQ(blobstore.GetXattr(blob, "ashlar.store.id").value().size(), 16u);
    EXPECT_EQ(blobstore.GetXattr(blob, "ashlar.store.generation").value(),
              std::string("\5\0\0\0\0\0\0\0", 8));
  });
}

TEST_F(StoreOpenTest, PrivateBlobsAreFilesOfBlobFs) {
  StoreWithPages(10);
  WithBlobstore(*device_, [](Channel&, Blobstore& blobstore) {
    int found = 0;
    for (const BlobId blob : blobstore.blobs()) {
      if (FileName(blobstore, blob) != "/.ashlar/space/0") continue;
      ++found;
      const uint64_t clusters = blobstore.Info(blob).value().clusters;
      EXPECT_EQ(DecodeLittle64(blobstore.GetXattr(blob, "length").value()),
                clusters * blobstore.cluster_bytes());
    }
    EXPECT_EQ(found, 1);
  });
}

TEST_F(StoreOpenTest, OpenWritesNothingUntilStart) {
  const std::vector<MappedPage> pages = StoreWithPages(10);
  const size_t position = device_->log_position();
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(test_.MarkUsed(pages), "");
  std::vector<uint8_t> back(10 * kPageBytes);
  EXPECT_TRUE(test_.client().Read(test_.store(), 0, pages, 0, back).ok());
  EXPECT_TRUE(test_.Close(false).ok());
  EXPECT_EQ(device_->log_position(), position);
}

// Otherwise a crash would leave a device that looks clean, with bitmaps that are not true (R4).
TEST_F(StoreOpenTest, R4AStartedStoreIsDirtyBeforeItsFirstWrite) {
  const std::vector<MappedPage> pages = StoreWithPages(10);
  ASSERT_TRUE(Reopen().ok());
  EXPECT_TRUE(test_->Numbers().was_clean);
  EXPECT_EQ(test_.MarkUsed(pages), "");
  ASSERT_TRUE(test_->Start().ok());
  const DiskImage image = device_->CrashImage(device_->log_position(), 1);
  ASSERT_TRUE(test_.Close(false).ok());
  DropCrashDevice("open");
  ASSERT_TRUE(AddCrashDevice("open", std::move(CrashDevice::FromImage({}, image)).value()).ok());
  ASSERT_TRUE(Reopen().ok());
  EXPECT_FALSE(test_->Numbers().was_clean);
}

// --- recovery
// --------------------------------------------------------------------------------------

TEST_F(StoreOpenTest, R4APageWithTwoOwnersIsFound) {
  const std::vector<MappedPage> pages = StoreWithPages(10);
  ASSERT_TRUE(Reopen().ok());
  const uint64_t first = pages[0].location.value;
  const BadRun bad = MarkBad({{first, 4}, {first + 6, 4}, {first + 3, 2}, {first + 5, 1}});
  EXPECT_EQ(bad.index, 2u);
  EXPECT_EQ(bad.fault, SpaceFault::kTwoOwners);
  // What came before it is marked, it and what follows are not.
  EXPECT_EQ(test_->Numbers().used_pages, 8u);
}

TEST_F(StoreOpenTest, RunsOutsideEveryBlobAreFound) {
  const std::vector<MappedPage> pages = StoreWithPages(10);
  ASSERT_TRUE(Reopen().ok());
  const SpaceBlob blob = test_->SpaceBlobs().value().at(0);
  const uint64_t start = PageAddress::Of({blob.root}, 0).value;
  EXPECT_EQ(MarkBad({{start + blob.pages - 1, 2}}).fault, SpaceFault::kPastTheEnd);
  EXPECT_EQ(MarkBad({{start + blob.pages, 1}}).fault, SpaceFault::kPastTheEnd);
  EXPECT_EQ(MarkBad({{start, 0}}).fault, SpaceFault::kPastTheEnd);
  EXPECT_EQ(MarkBad({{start, ~uint64_t{0}}}).fault, SpaceFault::kPastTheEnd);
  EXPECT_EQ(MarkBad({{PageAddress::Of({blob.root + 1}, 0).value, 1}}).fault,
            SpaceFault::kNoSuchBlob);
  EXPECT_EQ(MarkBad({{PageAddress::kHoleValue, 1}}).fault, SpaceFault::kNoSuchBlob);
  EXPECT_EQ(test_->Numbers().used_pages, 0u);
}

TEST_F(StoreOpenTest, ADamagedPrivateBlobIsReportedAndItsPagesNamed) {
  const std::vector<MappedPage> pages = StoreWithPages(10);
  const uint32_t root = pages[0].location.blob().value;
  WithBlobstore(*device_, [&](Channel& channel, Blobstore& blobstore) {
    const BlobId blob = BlobId::FromRoot({root});
    ASSERT_TRUE(blobstore.SetXattr(blob, "length", "short").ok());
    ASSERT_TRUE(RunTask(channel, blobstore.SyncMetadata(blob)).ok());
    ASSERT_TRUE(RunTask(channel, blobstore.Close()).ok());
  });
  ASSERT_TRUE(Reopen().ok());
  ASSERT_EQ(test_->Damage().size(), 1u);
  EXPECT_NE(test_->Damage()[0].find(std::to_string(root)), std::string::npos);
  EXPECT_NE(test_->Damage()[0].find("/.ashlar/space/0"), std::string::npos);
  EXPECT_EQ(MarkBad({{pages[0].location.value, 1}}).fault, SpaceFault::kDamagedBlob);
  EXPECT_TRUE(test_->SpaceBlobs().value().empty());
}

TEST_F(StoreOpenTest, ASavedBitmapIsLoadedAndABadOneRefused) {
  const std::vector<MappedPage> pages = StoreWithPages(10);
  ASSERT_TRUE(Reopen().ok());
  const SpaceBlob blob = test_->SpaceBlobs().value().at(0);
  std::vector<uint64_t> words((blob.pages + 63) / 64);
  words[0] = 0x3ff;
  EXPECT_EQ(test_->LoadBitmap(blob.root + 1, words).code(), StatusCode::kNotFound);
  EXPECT_EQ(test_->LoadBitmap(blob.root, std::span(words).first(1)).code(), StatusCode::kCorrupt);
  ASSERT_TRUE(test_->LoadBitmap(blob.root, words).ok());
  EXPECT_EQ(test_->Numbers().used_pages, 10u);
  EXPECT_EQ(test_->Bitmap(blob.root).value(), words);
  ASSERT_TRUE(test_->Start().ok());
  EXPECT_EQ(test_->LoadBitmap(blob.root, words).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(test_->Bitmap(blob.root).status().code(), StatusCode::kInvalidArgument);
  std::vector<uint8_t> back(10 * kPageBytes);
  EXPECT_TRUE(test_.client().Read(test_.store(), 0, pages, 0, back).ok());
}

TEST_F(StoreOpenTest, NewPrivateBlobsTakeNamesThatAreFree) {
  std::vector<MappedPage> pages = StoreWithPages(10);
  ASSERT_TRUE(Reopen().ok());
  ASSERT_EQ(test_.MarkUsed(pages), "");
  ASSERT_TRUE(test_->Start().ok());
  for (int i = 0; i < 24; ++i) {  // more than the first blob holds
    const std::vector<uint8_t> bytes(200 * kPageBytes, 1);
    ASSERT_TRUE(test_.client()
                    .Write(test_.store(), 0, std::vector<MappedPage>(200), 0, bytes)
                    .outcome.ok());
  }
  ASSERT_GE(test_->Numbers().private_blobs, 2u);
  ASSERT_TRUE(test_.Close(true).ok());
  WithBlobstore(*device_, [](Channel&, Blobstore& blobstore) {
    std::vector<std::string> names;
    for (const BlobId blob : blobstore.blobs()) names.push_back(FileName(blobstore, blob));
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  });
}

// --- read-only
// -------------------------------------------------------------------------------------

TEST_F(StoreOpenTest, AReadOnlyStoreReadsAndRefusesTheRest) {
  const std::vector<MappedPage> pages = StoreWithPages(3);
  const size_t position = device_->log_position();
  StoreOpenOptions options = TestStore::Crash("open", false);
  options.device.read_only = true;
  ASSERT_TRUE(test_.Open(options).ok());
  std::vector<uint8_t> bytes(3 * kPageBytes);
  EXPECT_TRUE(test_.client().Read(test_.store(), 0, pages, 0, bytes).ok());
  EXPECT_EQ(test_->Start().code(), StatusCode::kReadOnly);
  EXPECT_EQ(test_->SetGeneration(3).code(), StatusCode::kReadOnly);
  EXPECT_EQ(test_.client().Write(test_.store(), 0, pages, 0, bytes).outcome.code,
            StatusCode::kReadOnly);
  EXPECT_EQ(test_.client().FreePages(test_.store(), 0, pages).code, StatusCode::kReadOnly);
  EXPECT_TRUE(test_.Close(true).ok());
  EXPECT_EQ(device_->log_position(), position);
}

// --- other devices
// ---------------------------------------------------------------------------------

TEST_F(StoreOpenTest, ABlobstoreWithoutTheIdentityIsAnotherFormatWithARemedy) {
  {
    std::unique_ptr<Channel> channel = std::move(device_->OpenChannel()).value();
    BlobstoreFormatOptions options;
    ASSERT_TRUE(RunTask(*channel, Blobstore::Format(*channel, device_->info(), options)).ok());
  }
  const Status status = Reopen();
  EXPECT_EQ(status.code(), StatusCode::kWrongFormat);
  EXPECT_NE(status.ToString().find("format this one"), std::string::npos) << status.ToString();
}

TEST_F(StoreOpenTest, ZerosAndNoiseAreAnotherFormat) {
  EXPECT_EQ(Reopen().code(), StatusCode::kWrongFormat);
  device_->FlipBits(0, 4096, 2000, 1);
  EXPECT_EQ(Reopen().code(), StatusCode::kWrongFormat);
}

TEST_F(StoreOpenTest, ADamagedIdentityIsCorrupt) {
  ASSERT_TRUE(Format().ok());
  ASSERT_TRUE(test_.Close(true).ok());
  WithBlobstore(*device_, [](Channel& channel, Blobstore& blobstore) {
    const BlobId blob = FindIdentity(blobstore).value().blob;
    ASSERT_TRUE(blobstore.SetXattr(blob, kStoreIdXattr, "too short").ok());
    ASSERT_TRUE(RunTask(channel, blobstore.SyncMetadata(blob)).ok());
  });
  EXPECT_EQ(Reopen().code(), StatusCode::kCorrupt);
}

TEST_F(StoreOpenTest, ADeviceThatIsOpenIsBusy) {
  ASSERT_TRUE(Format().ok());
  const auto second = Store::Open(test_.shared_runtime(), TestStore::Crash("open", false));
  EXPECT_EQ(second.status().code(), StatusCode::kBusy);
}

TEST_F(StoreOpenTest, AFailureInTheMiddleOfOpeningLeavesNothingBehind) {
  ASSERT_TRUE(Format().ok());
  ASSERT_TRUE(test_.Close(true).ok());
  for (uint64_t nth = 1; nth <= 4; ++nth) {
    device_->FailNth(IoRequest::Op::kRead, nth, EIO);
    const Status status = Reopen();
    if (status.ok()) {
      EXPECT_GT(nth,
                1u);  // without the super block nothing can be opened, without the masks it can
      EXPECT_TRUE(test_.Close(false).ok());
    }
    device_->ClearFaults();
  }
  EXPECT_TRUE(Reopen().ok());
}

TEST_F(StoreOpenTest, AFailedFormatIsReported) {
  device_->FailNth(IoRequest::Op::kWrite, 2, EIO);
  EXPECT_EQ(Format().code(), StatusCode::kIoError);
  device_->ClearFaults();
  EXPECT_TRUE(Format().ok());
}

TEST_F(StoreOpenTest, ManyStoresAreOpenAtOnceAndDoNotMeet) {
  std::vector<std::shared_ptr<Store>> stores;
  std::vector<std::vector<MappedPage>> pages;
  for (uint8_t i = 0; i < 5; ++i) {
    auto store = Store::Open(test_.shared_runtime(), TestStore::Memory(16 * kMiB));
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE((*store)->Start().ok());
    const std::vector<uint8_t> bytes(kPageBytes, i);
    auto written = test_.client().Write(**store, 0, std::vector<MappedPage>(1), 0, bytes);
    ASSERT_TRUE(written.outcome.ok());
    stores.push_back(*store);
    pages.push_back(written.pages);
  }
  ASSERT_TRUE(stores[2]->Close(true).ok());
  for (uint8_t i = 0; i < 5; ++i) {
    std::vector<uint8_t> back(kPageBytes);
    const OpOutcome outcome = test_.client().Read(*stores[i], 0, pages[i], 0, back);
    if (i == 2) {
      EXPECT_EQ(outcome.code, StatusCode::kClosed);
    } else {
      ASSERT_TRUE(outcome.ok());
      EXPECT_EQ(back, std::vector<uint8_t>(kPageBytes, i));
    }
  }
}

// --- probe
// -----------------------------------------------------------------------------------------

class ProbeTest : public ::testing::Test {
 protected:
  static Result<DeviceContent> ProbeFile(const std::string& path) {
    DeviceSpec spec;
    spec.kind = DeviceKind::kFile;
    spec.path = path;
    return Store::Probe(spec);
  }

  std::string File(uint64_t size_bytes, uint64_t mark_at) {
    const std::string path = folder_.Join("device");
    std::remove(path.c_str());
    std::FILE* file = std::fopen(path.c_str(), "wb");
    EXPECT_NE(file, nullptr);
    const std::vector<uint8_t> zeros(size_bytes);
    EXPECT_EQ(std::fwrite(zeros.data(), 1, zeros.size(), file), zeros.size());
    if (mark_at < size_bytes) {
      EXPECT_EQ(std::fseek(file, static_cast<long>(mark_at), SEEK_SET), 0);
      EXPECT_EQ(std::fputc('x', file), 'x');
    }
    EXPECT_EQ(std::fclose(file), 0);
    return path;
  }

  TempDir folder_;
};

TEST_F(ProbeTest, TellsZerosFromSomethingElse) {
  EXPECT_EQ(ProbeFile(File(4 * kMiB, ~uint64_t{0})).value(), DeviceContent::kNothing);
  for (const uint64_t mark : {uint64_t{0}, uint64_t{1080}, 64 * kKiB, 4 * kMiB - 500}) {
    EXPECT_EQ(ProbeFile(File(4 * kMiB, mark)).value(), DeviceContent::kOther) << mark;
  }
  EXPECT_EQ(ProbeFile(folder_.Join("missing")).status().code(), StatusCode::kNotFound);
}

TEST_F(ProbeTest, TellsAChunkStoreFromOtherBlobstoresAndSaysWhenItIsInUse) {
  TestStore test;
  const std::string path = folder_.Join("store");
  ASSERT_TRUE(test.OpenAndStart(TestStore::File(path, 16 * kMiB)).ok());
  EXPECT_EQ(ProbeFile(path).status().code(), StatusCode::kBusy);
  ASSERT_TRUE(test.Close(true).ok());
  EXPECT_EQ(ProbeFile(path).value(), DeviceContent::kChunkStore);

  const std::string other = File(16 * kMiB, ~uint64_t{0});
  {
    DeviceSpec spec;
    spec.kind = DeviceKind::kFile;
    spec.path = other;
    auto device = std::move(OpenDevice(spec)).value();
    auto channel = std::move(device->OpenChannel()).value();
    ASSERT_TRUE(RunTask(*channel, Blobstore::Format(*channel, device->info(), {})).ok());
  }
  EXPECT_EQ(ProbeFile(other).value(), DeviceContent::kOtherBlobstore);
}

}  // namespace
}  // namespace ashlar
