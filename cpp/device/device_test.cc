// The rules of cpp/device/device.h, tried on every device.
#include "cpp/device/device.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"
#include "cpp/device/unique_fd.h"
#include "cpp/testing/device_cases.h"
#include "cpp/testing/random.h"
#include "cpp/testing/sync_io.h"

namespace ashlar {
namespace {

constexpr uint64_t kDeviceBytes = 8 * kMiB;

class DeviceTest : public ::testing::TestWithParam<DeviceCase> {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<DeviceUnderTest>> made = DeviceUnderTest::Make(GetParam(), kDeviceBytes);
    if (!made.ok() && made.status().code() == StatusCode::kNotSupported) {
      GTEST_SKIP() << made.status().ToString();
    }
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    under_test_ = std::move(made).value();
    OpenChannel();
  }

  void OpenChannel() {
    Result<std::unique_ptr<Channel>> channel = device().OpenChannel();
    ASSERT_TRUE(channel.ok()) << channel.status().ToString();
    channel_ = std::move(channel).value();
  }

  Device& device() { return under_test_->device(); }
  Channel& channel() { return *channel_; }
  const DeviceInfo& info() { return device().info(); }

  std::unique_ptr<DeviceUnderTest> under_test_;
  std::unique_ptr<Channel> channel_;
};

// Bytes that tell where they belong.
void FillPattern(std::span<uint8_t> bytes, uint64_t offset_bytes, uint64_t salt) {
  Random random(offset_bytes * 31 + salt);
  random.Fill(bytes);
}

AlignedBuffer Pattern(size_t length_bytes, uint64_t offset_bytes, uint64_t salt) {
  AlignedBuffer buffer(length_bytes);
  FillPattern(buffer.span(), offset_bytes, salt);
  return buffer;
}

struct Batch {
  std::vector<IoRequest> requests;
  std::vector<AlignedBuffer> buffers;
  size_t done = 0;

  explicit Batch(size_t count) : requests(count) { buffers.reserve(count); }

  void Add(size_t i, IoRequest::Op op, uint64_t offset_bytes, AlignedBuffer buffer) {
    buffers.push_back(std::move(buffer));
    requests[i].op = op;
    requests[i].offset_bytes = offset_bytes;
    requests[i].length_bytes = static_cast<uint32_t>(buffers.back().size());
    requests[i].data = buffers.back().data();
    requests[i].result = 1;
    requests[i].owner = this;
    requests[i].done = [](IoRequest* request) { ++static_cast<Batch*>(request->owner)->done; };
  }

  void RunOn(Channel& channel) {
    for (IoRequest& request : requests) channel.Submit(&request);
    EXPECT_EQ(done, 0u) << "done was called inside Submit";
    EXPECT_EQ(channel.in_flight(), requests.size());
    Drain(channel);
    EXPECT_EQ(done, requests.size());
    for (const IoRequest& request : requests) EXPECT_EQ(request.result, 0);
  }
};

TEST_P(DeviceTest, DescribesItself) {
  EXPECT_EQ(info().size_bytes, kDeviceBytes);
  EXPECT_TRUE(info().sector_bytes == 512 || info().sector_bytes == 4096);
  EXPECT_TRUE(info().atomic_write_bytes == 512 || info().atomic_write_bytes == 4096);
  EXPECT_LE(info().memory_alignment, 4096u);
  EXPECT_FALSE(info().name.empty());
  EXPECT_FALSE(info().backend.empty());
}

TEST_P(DeviceTest, ANewDeviceReadsAsZeros) {
  AlignedBuffer buffer(kMiB);
  for (uint64_t offset = 0; offset < kDeviceBytes; offset += kMiB) {
    std::memset(buffer.data(), 0xab, buffer.size());
    ASSERT_EQ(SyncRead(channel(), offset, buffer.span()), 0);
    EXPECT_EQ(std::count(buffer.data(), buffer.data() + buffer.size(), 0),
              static_cast<ptrdiff_t>(buffer.size()));
  }
}

TEST_P(DeviceTest, BytesWrittenInAnySectorAreReadBack) {
  const uint32_t sector = info().sector_bytes;
  std::vector<uint8_t> model(kDeviceBytes);
  FillPattern(model, 0, 1);
  // Written in pieces of 1, 2, 3... sectors, read back in others.
  AlignedBuffer buffer(64 * 4096);
  uint32_t sectors = 1;
  for (uint64_t offset = 0; offset < kDeviceBytes;) {
    const uint32_t length =
        static_cast<uint32_t>(std::min<uint64_t>(sectors * sector, kDeviceBytes - offset));
    std::memcpy(buffer.data(), model.data() + offset, length);
    ASSERT_EQ(SyncWrite(channel(), offset, {buffer.data(), length}), 0);
    offset += length;
    sectors = sectors % 64 + 1;
  }
  for (uint64_t offset = 0; offset < kDeviceBytes;) {
    const uint32_t length =
        static_cast<uint32_t>(std::min<uint64_t>(37 * sector, kDeviceBytes - offset));
    ASSERT_EQ(SyncRead(channel(), offset, {buffer.data(), length}), 0);
    ASSERT_EQ(std::memcmp(buffer.data(), model.data() + offset, length), 0) << "at " << offset;
    offset += length;
  }
}

TEST_P(DeviceTest, MoreRequestsThanTheQueueHoldsAllComplete) {
  constexpr size_t kRequests = 1500;
  Batch writes(kRequests);
  for (size_t i = 0; i < kRequests; ++i) {
    writes.Add(i, IoRequest::Op::kWrite, i * kPageBytes, Pattern(kPageBytes, i, 2));
  }
  writes.RunOn(channel());
  Batch reads(kRequests);
  for (size_t i = 0; i < kRequests; ++i) {
    reads.Add(i, IoRequest::Op::kRead, i * kPageBytes, AlignedBuffer(kPageBytes));
  }
  reads.RunOn(channel());
  for (size_t i = 0; i < kRequests; ++i) {
    ASSERT_EQ(std::memcmp(reads.buffers[i].data(), writes.buffers[i].data(), kPageBytes), 0) << i;
  }
}

TEST_P(DeviceTest, FlushCompletesAndIsCounted) {
  const AlignedBuffer page = Pattern(kPageBytes, 0, 3);
  ASSERT_EQ(SyncWrite(channel(), 0, page.span()), 0);
  ASSERT_EQ(SyncFlush(channel()), 0);
  ASSERT_EQ(SyncFlush(channel()), 0);
  AlignedBuffer back(2 * kPageBytes);
  ASSERT_EQ(SyncRead(channel(), 0, back.span()), 0);
  const DeviceCounters counters = device().counters();
  EXPECT_EQ(counters.flushes, 2u);
  EXPECT_EQ(counters.writes, 1u);
  EXPECT_EQ(counters.reads, 1u);
  EXPECT_EQ(counters.bytes_written, kPageBytes);
  EXPECT_EQ(counters.bytes_read, 2 * kPageBytes);
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceTest, ::testing::ValuesIn(AllDeviceCases()),
                         [](const auto& test) { return DeviceCaseName(test.param); });

}  // namespace
}  // namespace ashlar
