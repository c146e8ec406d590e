// Devices of terabytes, of which only the pages that were written exist.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <unordered_map>

#include "cpp/base/zeros.h"
#include "cpp/testing/test_blobstore.h"

namespace ashlar {
namespace {

constexpr uint64_t kTiB = uint64_t{1} << 40;

using Pages = std::unordered_map<uint64_t, std::array<uint8_t, kPageBytes>>;

class SparseChannel final : public Channel {
 public:
  SparseChannel(Pages* pages, uint64_t size_bytes) : pages_(pages), size_bytes_(size_bytes) {}

  void Submit(IoRequest* request) override { queue_.push_back(request); }
  int Poll() override {
    if (queue_.empty()) return 0;
    IoRequest* request = queue_.front();
    queue_.pop_front();
    Serve(request);
    request->done(request);
    return 1;
  }
  uint32_t in_flight() const override { return static_cast<uint32_t>(queue_.size()); }
  int wake_fd() const override { return -1; }

 private:
  void Serve(IoRequest* request) {
    request->result = 0;
    if (request->offset_bytes + request->length_bytes > size_bytes_) request->result = -EINVAL;
    for (uint32_t at = 0; at < request->length_bytes && request->result == 0; at += kPageBytes) {
      const uint64_t page = (request->offset_bytes + at) / kPageBytes;
      uint8_t* data = static_cast<uint8_t*>(request->data) + at;
      if (request->op == IoRequest::Op::kRead) {
        const auto it = pages_->find(page);
        if (it == pages_->end()) {
          std::memset(data, 0, kPageBytes);
        } else {
          std::memcpy(data, it->second.data(), kPageBytes);
        }
      } else if (AllZeros({data, kPageBytes})) {
        pages_->erase(page);
      } else {
        std::memcpy((*pages_)[page].data(), data, kPageBytes);
      }
    }
  }

  Pages* pages_;
  const uint64_t size_bytes_;
  std::deque<IoRequest*> queue_;
};

class SparseDevice final : public Device {
 public:
  explicit SparseDevice(uint64_t size_bytes) {
    info_.name = "sparse";
    info_.backend = "memory";
    info_.size_bytes = size_bytes;
    info_.atomic_write_bytes = 4096;
  }
  const DeviceInfo& info() const override { return info_; }
  DeviceCounters counters() const override { return {}; }
  Result<std::unique_ptr<Channel>> OpenChannel() override {
    return std::unique_ptr<Channel>(new SparseChannel(&pages_, info_.size_bytes));
  }

 private:
  DeviceInfo info_;
  Pages pages_;
};

void CheckReopened(TestBlobstore& store, BlobId id, uint64_t clusters) {
  for (const bool close : {false, true}) {
    if (close) {
      ASSERT_TRUE(store.Close().ok());
      ASSERT_EQ(store.Check(), "");
    }
    ASSERT_TRUE(store.Open().ok());
    EXPECT_EQ(store->open_report().was_clean, close);
    EXPECT_TRUE(store->open_report().damaged.empty());
    ASSERT_EQ(store->Info(id).value().clusters, clusters);
    EXPECT_EQ(store->free_clusters() + clusters, store->data_clusters());
  }
}

// 20 TiB are 5 * 2^30 pages: neither a page nor a sector number fits in 32 bits.
TEST(BlobstoreLargeTest, ClustersBeyondFourBillionPagesAreAddressedRight) {
  TestBlobstore store(std::make_unique<SparseDevice>(20 * kTiB));
  ASSERT_TRUE(
      store.Format({.cluster_bytes = 1u << 30, .type = "BLOBFS", .metadata_pages = 1000}).ok());
  ASSERT_TRUE(store.Open().ok());
  EXPECT_EQ(store->total_clusters(), 20480u);
  const BlobId low = store.Create(10).value();
  const BlobId id = store.Create(store->free_clusters()).value();
  const uint64_t last = store->data_clusters() - 11;
  EXPECT_EQ(store->ClusterOf(id, last).value(), ClusterIndex{20479});
  EXPECT_EQ(store->DeviceOffsetOf(id, (last << 30) + 12345).value(), 20479 * kGiB + 12345);
  EXPECT_GT(store->OffsetOfCluster(ClusterIndex{20479}) / kPageBytes, uint64_t{UINT32_MAX});
  ASSERT_TRUE(store.Delete(low).ok());
  CheckReopened(store, id, last + 1);
  EXPECT_EQ(store->DeviceOffsetOf(id, (last << 30) + 12345).value(), 20479 * kGiB + 12345);
}

// 300000 clusters need 586 extent pages, whose table needs two pages of the chain.
TEST(BlobstoreLargeTest, AnExtentTableMayTakeMoreThanOnePage) {
  constexpr uint64_t kClusters = 300000;
  TestBlobstore store(std::make_unique<SparseDevice>(kTiB / 32));
  ASSERT_TRUE(
      store.Format({.cluster_bytes = 64u << 10, .type = "BLOBFS", .metadata_pages = 2000}).ok());
  ASSERT_TRUE(store.Open().ok());
  const BlobId id = store.Create(kClusters, {{"name", "/large"}}).value();
  EXPECT_EQ(store->free_metadata_pages(), 2000 - 1 - 1 - 586u);
  CheckReopened(store, id, kClusters);
  // Growing by one cluster moves one extent page and the chain, no more.
  ASSERT_TRUE(store.Resize(id, kClusters + 1).ok());
  EXPECT_EQ(store->free_metadata_pages(), 2000 - 1 - 1 - 586u);
  CheckReopened(store, id, kClusters + 1);
  EXPECT_EQ(store->ClusterOf(id, kClusters).value().value,
            store->ClusterOf(id, 0).value().value + kClusters);
  ASSERT_TRUE(store.Resize(id, 100).ok());
  EXPECT_EQ(store->free_metadata_pages(), 2000 - 1 - 1u);
  CheckReopened(store, id, 100);
}

TEST(BlobstoreLargeTest, ChainsOfSeveralTablePagesSurviveManyXattrs) {
  TestBlobstore store(std::make_unique<SparseDevice>(kTiB / 32));
  ASSERT_TRUE(
      store.Format({.cluster_bytes = 64u << 10, .type = "BLOBFS", .metadata_pages = 2000}).ok());
  ASSERT_TRUE(store.Open().ok());
  const BlobId id = store.Create(260000).value();
  for (size_t length = 3000; length < 4063; length += 7) {
    ASSERT_TRUE(store.SetXattrAndSync(id, "x", std::string(length, 'x')).ok());
    if (length % 10 != 0) continue;
    CheckReopened(store, id, 260000);
    ASSERT_FALSE(HasFailure()) << length;
  }
}

}  // namespace
}  // namespace ashlar
