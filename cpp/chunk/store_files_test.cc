// Files beside the chunks: one blobstore, one allocator, one fate when the device fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ashlar/store.h"
#include "cpp/blobfs/blobfs.h"
#include "cpp/blobfs/fs_checker.h"
#include "cpp/blobstore/blobstore.h"
#include "cpp/chunk/space_reserve.h"
#include "cpp/chunk/store_identity.h"
#include "cpp/testing/run_task.h"
#include "cpp/testing/test_store.h"

namespace ashlar {
namespace {

constexpr uint64_t kBufferBytes = 4 * kMiB;
constexpr uint64_t kClusterBytes = 64 * kKiB;

std::vector<uint8_t> Bytes(uint64_t count, uint8_t value) {
  return std::vector<uint8_t>(count, value);
}

class StoreFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CrashDeviceOptions options;
    options.size_bytes = 32 * kMiB;
    device_ = std::move(CrashDevice::Make(options)).value();
    ASSERT_TRUE(AddCrashDevice("files", device_).ok());
  }
  void TearDown() override {
    files_.reset();
    DropCrashDevice("files");
  }

  Status Format() {
    StoreOpenOptions options = TestStore::Crash("files", true);
    options.metadata_on_device = true;
    options.format_options.cluster_bytes = kClusterBytes;
    return test_.Open(options);
  }
  Status Reopen() { return test_.Open(TestStore::Crash("files", false)); }
  Status Mount() {
    Result<std::shared_ptr<BlobFs>> files = test_->MountFiles(kBufferBytes);
    if (files.ok()) files_ = std::move(files).value();
    return files.status();
  }
  // A running store with an empty log open.
  void Start() {
    ASSERT_TRUE(Format().ok());
    ASSERT_TRUE(Mount().ok());
    ASSERT_TRUE(test_->FinishFormat().ok());
    ASSERT_TRUE(test_->Start().ok());
    log_ = Create("/metadata/1.log", FileKind::kLog);
    ASSERT_NE(log_, nullptr);
    ASSERT_TRUE(log_->Append(Bytes(100, 1)).ok());
    ASSERT_TRUE(log_->Sync().ok());
  }
  std::unique_ptr<File> Create(const std::string& name, FileKind kind) {
    OpenOptions options;
    options.mode = OpenMode::kCreateNew;
    options.kind = kind;
    Result<std::unique_ptr<File>> file = files_->Open(name, options);
    return file.ok() ? std::move(file).value() : nullptr;
  }
  StoreClient::WriteResult WritePages(uint32_t count) {
    return test_.client().Write(test_.store(), 0, std::vector<MappedPage>(count), 0,
                                Bytes(count * kPageBytes, 5));
  }
  std::vector<MappedPage> FillWithChunks() {
    std::vector<MappedPage> all;
    for (const uint32_t count : {64u, 1u}) {
      while (true) {
        const auto written = WritePages(count);
        if (!written.outcome.ok()) {
          EXPECT_EQ(written.outcome.code, StatusCode::kOutOfSpace);
          break;
        }
        all.insert(all.end(), written.pages.begin(), written.pages.end());
      }
    }
    return all;
  }
  bool IsLow() { return Store::IsMetadataSpaceLow(test_->number()); }
  std::vector<std::string> Problems() {
    std::unique_ptr<Channel> channel = std::move(device_->OpenChannel()).value();
    auto report = RunTask(*channel, CheckBlobFs(*channel, device_->info()));
    if (!report.ok()) return {report.status().ToString()};
    return report.value().problems;
  }

  std::shared_ptr<CrashDevice> device_;
  TestStore test_;
  std::shared_ptr<BlobFs> files_;
  std::unique_ptr<File> log_;
};

// --- where the metadata is -----------------------------------------------------------------------

TEST_F(StoreFilesTest, AStoreIsUnfinishedUntilItsMetadataIsComplete) {
  ASSERT_TRUE(Format().ok());
  EXPECT_EQ(test_->metadata_place(), MetadataPlace::kUnfinished);
  ASSERT_TRUE(test_.Close(true).ok());
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(test_->metadata_place(), MetadataPlace::kUnfinished);
  ASSERT_TRUE(test_->FinishFormat().ok());
  EXPECT_EQ(test_->FinishFormat().code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(test_.Close(false).ok());
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(test_->metadata_place(), MetadataPlace::kOnDevice);
}

TEST_F(StoreFilesTest, AStoreThatDoesNotSayHasItsMetadataElsewhere) {
  ASSERT_TRUE(test_.Open(TestStore::Crash("files", true)).ok());
  EXPECT_EQ(test_->metadata_place(), MetadataPlace::kElsewhere);
  ASSERT_TRUE(test_.Close(true).ok());
  const auto change = [&](const std::function<Status(Blobstore&, BlobId)>& to) {
    std::unique_ptr<Channel> channel = std::move(device_->OpenChannel()).value();
    auto store = RunTask(*channel, Blobstore::Open(*channel, device_->info(), {}));
    ASSERT_TRUE(store.ok());
    const BlobId blob = FindIdentity(**store).value().blob;
    ASSERT_TRUE(to(**store, blob).ok());
    ASSERT_TRUE(RunTask(*channel, (*store)->SyncMetadata(blob)).ok());
    ASSERT_TRUE(RunTask(*channel, (*store)->Close()).ok());
  };
  change([](Blobstore& store, BlobId blob) { return store.RemoveXattr(blob, kMetadataXattr); });
  ASSERT_TRUE(Reopen().ok());
  EXPECT_EQ(test_->metadata_place(), MetadataPlace::kElsewhere);
  ASSERT_TRUE(test_.Close(true).ok());
  change([](Blobstore& store, BlobId blob) {
    return store.SetXattr(blob, kMetadataXattr, EncodeLittle64(77));
  });
  EXPECT_EQ(Reopen().code(), StatusCode::kWrongFormat);
}

TEST_F(StoreFilesTest, ADeviceOfTooFewClustersIsRefusedBeforeAnythingIsWritten) {
  StoreOpenOptions options = TestStore::Crash("files", true);
  options.metadata_on_device = true;
  EXPECT_EQ(test_.Open(options).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(device_->counters().writes, 0u);
  options.format_options.cluster_bytes = 0;
  ASSERT_TRUE(test_.Open(options).ok());
  EXPECT_EQ(test_->Numbers().cluster_bytes, 128 * kKiB);
}

TEST(SpaceReserveTest, IsAShareOfTheDeviceWithinBounds) {
  EXPECT_EQ(MetadataReserveClusters(60, kMiB), 20u);
  EXPECT_EQ(MetadataReserveClusters(400, kMiB), 32u);
  EXPECT_EQ(MetadataReserveClusters(3200, kMiB), 200u);
  EXPECT_EQ(MetadataReserveClusters(1 << 20, kMiB), 1024u);
  EXPECT_EQ(MetadataReserveClusters(1 << 20, kGiB), 32u);
  EXPECT_EQ(MetadataReserveNow(100, 50, kMiB), 100u);
  EXPECT_EQ(MetadataReserveNow(100, 500, kMiB), 500u);
  EXPECT_EQ(MetadataReserveNow(100, 5000, kMiB), 1024u);
  EXPECT_EQ(ClusterBytesFor(16 * kMiB), 64 * kKiB);
  EXPECT_EQ(ClusterBytesFor(128 * kMiB), 512 * kKiB);
  EXPECT_EQ(ClusterBytesFor(256 * kMiB), kMiB);
  EXPECT_EQ(ClusterBytesFor(1024 * kGiB), kMiB);
}

// --- one device for both -------------------------------------------------------------------------

TEST_F(StoreFilesTest, FilesAndChunksLieSideBySideInOneBlobFs) {
  Start();
  const std::vector<MappedPage> pages = WritePages(256).pages;
  ASSERT_EQ(pages.size(), 256u);
  std::unique_ptr<File> table = Create("/metadata/2.sst", FileKind::kData);
  ASSERT_TRUE(table->Append(Bytes(kMiB, 2)).ok());
  ASSERT_TRUE(table->Close().ok());
  ASSERT_TRUE(log_->Close().ok());
  // The chunks' files are not for the users of the others.
  EXPECT_EQ(files_->List("/").size(), 2u);
  EXPECT_EQ(files_->Delete("/.ashlar/store").code(), StatusCode::kNotFound);
  ASSERT_TRUE(test_.Close(true).ok());
  EXPECT_EQ(Problems(), std::vector<std::string>());

  ASSERT_TRUE(Reopen().ok());
  EXPECT_TRUE(test_->Numbers().was_clean);
  ASSERT_TRUE(Mount().ok());
  EXPECT_EQ(files_->report().damage, std::vector<std::string>());
  EXPECT_EQ(test_.MarkUsed(pages), "");
  ASSERT_TRUE(test_->Start().ok());
  std::vector<uint8_t> back(kMiB);
  ASSERT_TRUE(test_.client().Read(test_.store(), 0, pages, 0, back).ok());
  EXPECT_EQ(back, Bytes(kMiB, 5));
  std::unique_ptr<File> again = std::move(files_->Open("/metadata/2.sst", {})).value();
  ASSERT_EQ(again->Read(0, back).value(), kMiB);
  EXPECT_EQ(back, Bytes(kMiB, 2));
}

TEST_F(StoreFilesTest, FilesCanBeMountedOnceAndBeforeTheStart) {
  ASSERT_TRUE(Format().ok());
  ASSERT_TRUE(Mount().ok());
  EXPECT_EQ(test_->MountFiles(kBufferBytes).status().code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(test_.Close(true).ok());
  ASSERT_TRUE(Reopen().ok());
  ASSERT_TRUE(test_->Start().ok());
  EXPECT_EQ(test_->MountFiles(kBufferBytes).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(StoreFilesTest, ClosingTheStoreEndsTheFilesWithinIt) {
  Start();
  ASSERT_TRUE(log_->Append(Bytes(10, 3)).ok());
  ASSERT_TRUE(test_.Close(true).ok());
  EXPECT_EQ(log_->Append(Bytes(10, 3)).code(), StatusCode::kClosed);
  EXPECT_EQ(files_->Space().status().code(), StatusCode::kClosed);
  ASSERT_TRUE(Reopen().ok());
  ASSERT_TRUE(Mount().ok());
  EXPECT_EQ(files_->Stat("/metadata/1.log").value().size_bytes, 110u);
}

TEST_F(StoreFilesTest, ADeviceFullOfChunksHasRoomForFiles) {
  Start();
  const std::vector<MappedPage> pages = FillWithChunks();
  const uint64_t reserve = test_->Numbers().reserve_clusters;
  EXPECT_EQ(reserve, MetadataReserveClusters(test_->Numbers().clusters, kClusterBytes));
  EXPECT_EQ(test_->Numbers().free_clusters, reserve);
  EXPECT_FALSE(IsLow());

  // Half of the reserve for what is added, the other half for what is taken away.
  std::unique_ptr<File> table = Create("/metadata/2.sst", FileKind::kData);
  uint64_t clusters = 1;
  for (; !IsLow(); ++clusters) {
    ASSERT_TRUE(table->Preallocate(clusters * kClusterBytes).ok());
    ASSERT_LE(clusters, reserve);
  }
  EXPECT_EQ(test_->Numbers().free_clusters, reserve / 2 - 1);
  for (uint64_t i = test_->Numbers().free_clusters; i > 0; --i) {
    ASSERT_TRUE(table->Preallocate(clusters++ * kClusterBytes).ok()) << i;
  }
  EXPECT_EQ(WritePages(1).outcome.code, StatusCode::kOutOfSpace);
  EXPECT_EQ(table->Preallocate(clusters * kClusterBytes).code(), StatusCode::kOutOfSpace);

  // What the one gives back the other can have.
  ASSERT_TRUE(table->Close().ok());
  ASSERT_TRUE(files_->Delete("/metadata/2.sst").ok());
  EXPECT_FALSE(IsLow());
  for (size_t at = 0; at < pages.size(); at += kSegmentPages) {
    const size_t count = std::min<size_t>(kSegmentPages, pages.size() - at);
    ASSERT_TRUE(
        test_.client().FreePages(test_.store(), 0, std::span(pages).subspan(at, count)).ok());
  }
  EXPECT_EQ(FillWithChunks().size(), pages.size());
  ASSERT_TRUE(log_->Close().ok());
  ASSERT_TRUE(test_.Close(true).ok());
  EXPECT_FALSE(IsLow()) << "of a store that is closed";
  EXPECT_EQ(Problems(), std::vector<std::string>());
}

// --- R10: one device, one fate -------------------------------------------------------------------

// The drive may have dropped what the log had written; a later flush would not bring it back.
TEST_F(StoreFilesTest, R10AFlushThatFailsForTheChunksFailsTheFilesToo) {
  for (const bool inline_flush : {true, false}) {
    Start();
    ASSERT_TRUE(log_->Append(Bytes(100, 2)).ok());
    device_->FailNth(IoRequest::Op::kFlush, 1, EIO);
    if (inline_flush) {
      EXPECT_LT(Store::FlushInline(test_->number()), 0);
    } else {
      EXPECT_FALSE(test_.client().Flush(test_.store(), 0).ok());
    }
    EXPECT_EQ(log_->Sync().code(), StatusCode::kIoError);
    EXPECT_FALSE(files_->Delete("/metadata/1.log").ok());
    EXPECT_FALSE(test_.Close(true).ok());
    ASSERT_TRUE(Reopen().ok());
    EXPECT_FALSE(test_->Numbers().was_clean);
    ASSERT_TRUE(test_.Close(false).ok());
  }
}

TEST_F(StoreFilesTest, R10AFlushThatFailsForAPrivateBlobFailsTheFilesToo) {
  Start();
  ASSERT_TRUE(log_->Append(Bytes(100, 2)).ok());
  device_->FailNth(IoRequest::Op::kFlush, 1, EIO);
  const uint64_t before = test_->Numbers().private_blobs;
  while (WritePages(64).outcome.ok() && test_->Numbers().private_blobs == before) {
  }
  EXPECT_EQ(log_->Sync().code(), StatusCode::kIoError);
}

TEST_F(StoreFilesTest, R10AFlushThatFailsForTheFilesLeavesTheDeviceUnclean) {
  Start();
  ASSERT_TRUE(log_->Append(Bytes(100, 2)).ok());
  device_->FailNth(IoRequest::Op::kFlush, 1, EIO);
  EXPECT_EQ(log_->Sync().code(), StatusCode::kIoError);
  EXPECT_FALSE(files_->Close().ok()) << "its user is told";
  EXPECT_FALSE(test_.Close(true).ok());
  ASSERT_TRUE(Reopen().ok());
  EXPECT_FALSE(test_->Numbers().was_clean);
}

}  // namespace
}  // namespace ashlar
