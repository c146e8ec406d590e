// What only the io_uring channel does: joining adjacent writes.
#include "cpp/device/uring_channel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"
#include "cpp/device/device.h"
#include "cpp/device/write_bundle.h"
#include "cpp/testing/sync_io.h"
#include "cpp/testing/temp_dir.h"

namespace ashlar {
namespace {

constexpr uint64_t kFileBytes = 8 * kMiB;

class UringChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    DeviceSpec spec;
    spec.kind = DeviceKind::kFile;
    spec.path = folder_.path() + "/device";
    spec.size_bytes = kFileBytes;
    spec.create = true;
    Result<std::unique_ptr<Device>> device = OpenDevice(spec);
    ASSERT_TRUE(device.ok()) << device.status().ToString();
    device_ = std::move(device).value();
    if (device_->info().backend != "io_uring") {
      GTEST_SKIP() << "io_uring is refused here";
    }
    Result<std::unique_ptr<Channel>> channel = device_->OpenChannel();
    ASSERT_TRUE(channel.ok()) << channel.status().ToString();
    channel_ = std::move(channel).value();
  }

  // One-page writes at the given pages, submitted in that order; each page holds its number + 1.
  void WritePages(const std::vector<uint32_t>& pages) {
    buffer_ = AlignedBuffer(pages.size() * kPageBytes);
    requests_ = std::vector<IoRequest>(pages.size());
    for (size_t i = 0; i < pages.size(); ++i) {
      uint8_t* data = buffer_.data() + i * kPageBytes;
      std::memset(data, static_cast<int>(pages[i] + 1), kPageBytes);
      requests_[i].op = IoRequest::Op::kWrite;
      requests_[i].offset_bytes = uint64_t{pages[i]} * kPageBytes;
      requests_[i].length_bytes = kPageBytes;
      requests_[i].data = data;
      requests_[i].done = [](IoRequest*) {};
      requests_[i].result = 1;
      channel_->Submit(&requests_[i]);
    }
    Drain(*channel_);
  }

  uint8_t FirstByteOfPage(uint32_t page) {
    AlignedBuffer buffer(kPageBytes);
    EXPECT_EQ(SyncRead(*channel_, uint64_t{page} * kPageBytes, buffer.span()), 0);
    EXPECT_EQ(std::memcmp(buffer.data(), buffer.data() + 1, kPageBytes - 1), 0);
    return buffer.data()[0];
  }

  TempDir folder_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<Channel> channel_;
  AlignedBuffer buffer_;
  std::vector<IoRequest> requests_;
};

TEST_F(UringChannelTest, AdjacentWritesOfOneTurnAllReachTheirPages) {
  // Runs longer than a bundle, gaps, and an order that goes backwards.
  std::vector<uint32_t> pages;
  for (uint32_t page = 0; page < WriteBundle::kMaxVectors + 40; ++page) pages.push_back(page);
  for (uint32_t page = 200; page < 210; page += 2) pages.push_back(page);
  for (uint32_t page = 230; page > 220; --page) pages.push_back(page);
  WritePages(pages);
  for (const IoRequest& request : requests_) EXPECT_EQ(request.result, 0);
  for (uint32_t page : pages) EXPECT_EQ(FirstByteOfPage(page), page + 1);
  EXPECT_EQ(FirstByteOfPage(201), 0);
  EXPECT_EQ(device_->counters().writes, pages.size());
}

TEST_F(UringChannelTest, AFailureAmongJoinedWritesHitsOnlyThoseItConcerns) {
  // The kernel refuses to write past this many bytes of a file, and cuts short what crosses it.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit limit = before;
  limit.rlim_cur = 4 * kPageBytes;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  WritePages({0, 1, 2, 3, 4, 5});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);
  for (uint32_t page = 0; page < 4; ++page) {
    EXPECT_EQ(requests_[page].result, 0) << page;
    EXPECT_EQ(FirstByteOfPage(page), page + 1);
  }
  for (uint32_t page = 4; page < 6; ++page) {
    EXPECT_EQ(requests_[page].result, -EFBIG) << page;
    EXPECT_EQ(FirstByteOfPage(page), 0);
  }
}

}  // namespace
}  // namespace ashlar
