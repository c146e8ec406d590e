#include "cpp/blobstore/blobstore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "cpp/testing/run_task.h"
#include "cpp/testing/sync_io.h"

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kDeviceBytes = 64 * kMiB;

class BlobstoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    DeviceSpec spec;
    spec.kind = DeviceKind::kMemory;
    spec.path = "test";
    spec.size_bytes = kDeviceBytes;
    device_ = OpenDevice(spec).value();
    channel_ = device_->OpenChannel().value();
  }

  Status Format(const BlobstoreFormatOptions& options = {}) {
    return RunTask(*channel_, Blobstore::Format(*channel_, device_->info(), options));
  }
  Status Open(const BlobstoreOpenOptions& options = {}) {
    store_.reset();
    auto store = RunTask(*channel_, Blobstore::Open(*channel_, device_->info(), options));
    if (store.ok()) store_ = std::move(store).value();
    return store.status();
  }
  Result<BlobId> Create(const BlobCreateOptions& options) {
    return RunTask(*channel_, store_->Create(options));
  }
  Status Close() { return RunTask(*channel_, store_->Close()); }

  std::unique_ptr<Device> device_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<Blobstore> store_;
};

TEST_F(BlobstoreTest, AFormattedDeviceOpensCleanAndEmpty) {
  ASSERT_TRUE(Format().ok());
  const Status status = Open();
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_TRUE(store_->open_report().was_clean);
  EXPECT_THAT(store_->open_report().masks_distrusted, IsEmpty());
  EXPECT_THAT(store_->blobs(), IsEmpty());
  EXPECT_EQ(store_->type(), "BLOBFS");
  EXPECT_EQ(store_->total_clusters(), 64u);
  EXPECT_EQ(store_->free_clusters(), 63u);
  EXPECT_EQ(store_->data_clusters(), 63u);
}

TEST_F(BlobstoreTest, CreatedBlobsAreThereAfterACleanAndAfterADirtyReopen) {
  ASSERT_TRUE(Format().ok());
  ASSERT_TRUE(Open().ok());
  const BlobCreateOptions options{.clusters = 5, .xattrs = {{"name", std::string("/a\0", 3)}}};
  const Result<BlobId> id = Create(options);
  ASSERT_TRUE(id.ok()) << id.status().ToString();
  EXPECT_EQ(store_->free_clusters(), 58u);
  const auto clusters = store_->ClustersOf(id.value()).value();
  for (const bool clean : {false, true}) {
    if (clean) {
      ASSERT_TRUE(Close().ok());
    }
    ASSERT_TRUE(Open().ok());
    EXPECT_EQ(store_->open_report().was_clean, clean);
    EXPECT_THAT(store_->open_report().damaged, IsEmpty());
    ASSERT_THAT(store_->blobs(), ::testing::ElementsAre(id.value()));
    EXPECT_EQ(store_->ClustersOf(id.value()).value(), clusters);
    EXPECT_EQ(store_->GetXattr(id.value(), "name").value(), std::string("/a\0", 3));
    EXPECT_EQ(store_->free_clusters(), 58u);
  }
  ASSERT_TRUE(RunTask(*channel_, store_->Delete(id.value())).ok());
  EXPECT_EQ(store_->free_clusters(), 63u);
  ASSERT_TRUE(Close().ok());
  ASSERT_TRUE(Open().ok());
  EXPECT_THAT(store_->blobs(), IsEmpty());
}

}  // namespace
}  // namespace ashlar
