// The rules of cpp/device/device.h, tried on every device.
#include "cpp/device/device.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
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

class FileDeviceTest : public DeviceTest {};

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

TEST_P(DeviceTest, AFailedRequestIsNotCounted) {
  AlignedBuffer page(kPageBytes);
  EXPECT_EQ(SyncRead(channel(), kDeviceBytes, page.span()), -EINVAL);
  EXPECT_EQ(SyncWrite(channel(), kDeviceBytes, page.span()), -EINVAL);
  EXPECT_EQ(device().counters().reads, 0u);
  EXPECT_EQ(device().counters().writes, 0u);
}

TEST_P(DeviceTest, CountersOutliveTheirChannel) {
  AlignedBuffer page(kPageBytes);
  ASSERT_EQ(SyncWrite(channel(), 0, page.span()), 0);
  channel_.reset();
  EXPECT_EQ(device().counters().writes, 1u);
}

struct BadRange {
  uint64_t offset_bytes;
  uint32_t length_bytes;
};

// Each is wrong for sectors of 512 and of 4096 bytes alike.
const BadRange kBadRanges[] = {
    {1, 4096},                    // offset within a sector
    {0, 1},                       // length within a sector
    {0, 4097},                    // likewise
    {0, 0},                       // nothing
    {kDeviceBytes, 4096},         // behind the end
    {kDeviceBytes - 4096, 8192},  // across the end
    {0, kDeviceBytes + 4096},     // longer than the device
    {uint64_t{1} << 40, 4096},    // far behind the end
    {UINT64_MAX - 4095, 4096},    // the sum overflows to 0
    {UINT64_MAX - 4095, 8192},    // the sum overflows to 4096
    {uint64_t{1} << 63, 4096},    // negative as an off_t
};

TEST_P(DeviceTest, ARangeThatIsWrongIsRefusedAndTouchesNothing) {
  const AlignedBuffer before = Pattern(kDeviceBytes, 0, 4);
  ASSERT_EQ(SyncWrite(channel(), 0, before.span()), 0);
  AlignedBuffer buffer = Pattern(16384, 1, 5);
  const AlignedBuffer buffer_before = Pattern(16384, 1, 5);
  for (const BadRange& bad : kBadRanges) {
    SCOPED_TRACE(std::to_string(bad.offset_bytes) + " + " + std::to_string(bad.length_bytes));
    const std::span<uint8_t> bytes(buffer.data(), bad.length_bytes);
    EXPECT_EQ(SyncWrite(channel(), bad.offset_bytes, bytes), -EINVAL);
    EXPECT_EQ(SyncRead(channel(), bad.offset_bytes, bytes), -EINVAL);
    EXPECT_EQ(SyncDiscard(channel(), bad.offset_bytes, bad.length_bytes), -EINVAL);
    if (device().SupportsInlineRead()) {
      EXPECT_EQ(device().ReadInline(bad.offset_bytes, bytes.data(), bad.length_bytes), -EINVAL);
    }
    EXPECT_EQ(std::memcmp(buffer.data(), buffer_before.data(), buffer.size()), 0);
  }
  AlignedBuffer after(kDeviceBytes);
  ASSERT_EQ(SyncRead(channel(), 0, after.span()), 0);
  EXPECT_EQ(std::memcmp(after.data(), before.data(), kDeviceBytes), 0);
}

TEST_P(DeviceTest, MemoryThatIsNullOrNotAlignedIsRefused) {
  EXPECT_EQ(SyncRead(channel(), 0, std::span<uint8_t>(static_cast<uint8_t*>(nullptr), 4096)),
            -EINVAL);
  AlignedBuffer buffer(2 * kPageBytes);
  const std::span<uint8_t> shifted(buffer.data() + 1, kPageBytes);
  const int expected = info().memory_alignment > 1 ? -EINVAL : 0;
  EXPECT_EQ(SyncWrite(channel(), 0, shifted), expected);
  EXPECT_EQ(SyncRead(channel(), 0, shifted), expected);
}

TEST_P(DeviceTest, MemoryAlignedAsTheDeviceAsksIsAccepted) {
  AlignedBuffer buffer = Pattern(2 * kPageBytes, 0, 6);
  const std::span<uint8_t> just_aligned(buffer.data() + info().memory_alignment % kPageBytes,
                                        kPageBytes);
  ASSERT_EQ(SyncWrite(channel(), 0, just_aligned), 0);
  AlignedBuffer back(kPageBytes);
  ASSERT_EQ(SyncRead(channel(), 0, back.span()), 0);
  EXPECT_EQ(std::memcmp(back.data(), just_aligned.data(), kPageBytes), 0);
}

TEST_P(DeviceTest, ABadRequestAmongGoodOnesFailsAlone) {
  Batch batch(9);
  for (size_t i = 0; i < 9; ++i) {
    const uint64_t offset = i == 4 ? kDeviceBytes : i * kPageBytes;
    batch.Add(i, IoRequest::Op::kWrite, offset, Pattern(kPageBytes, i, 7));
  }
  for (IoRequest& request : batch.requests) channel().Submit(&request);
  Drain(channel());
  for (size_t i = 0; i < 9; ++i) EXPECT_EQ(batch.requests[i].result, i == 4 ? -EINVAL : 0);
}

// A chain of writes in which each `done` submits the next.
struct Chain {
  Channel* channel;
  IoRequest request;
  AlignedBuffer buffer{kPageBytes};
  uint64_t completed = 0;
  bool submitting = false;

  static constexpr uint64_t kLength = 500;

  void SubmitNext() {
    request.op = completed % 3 == 2 ? IoRequest::Op::kRead : IoRequest::Op::kWrite;
    // Every seventh fails at once, which must not come back from inside Submit either.
    request.offset_bytes = completed % 7 == 6 ? kDeviceBytes : completed * kPageBytes;
    request.length_bytes = kPageBytes;
    request.data = buffer.data();
    request.owner = this;
    request.done = [](IoRequest* done) { static_cast<Chain*>(done->owner)->Done(); };
    submitting = true;
    channel->Submit(&request);
    submitting = false;
  }

  void Done() {
    EXPECT_FALSE(submitting) << "done was called inside Submit";
    EXPECT_EQ(request.result, completed % 7 == 6 ? -EINVAL : 0);
    if (++completed < kLength) SubmitNext();
  }
};

TEST_P(DeviceTest, DoneMaySubmitAgain) {
  Chain chain{&channel(), {}};
  chain.SubmitNext();
  Drain(channel());
  EXPECT_EQ(chain.completed, Chain::kLength);
}

TEST_P(DeviceTest, DiscardLeavesItsNeighboursAloneAndItsRangeUsable) {
  const AlignedBuffer before = Pattern(kMiB, 0, 8);
  ASSERT_EQ(SyncWrite(channel(), 0, before.span()), 0);
  const uint64_t begin = 16 * kPageBytes;
  const uint32_t length = 32 * kPageBytes;
  ASSERT_EQ(SyncDiscard(channel(), begin, length), info().can_discard ? 0 : -EOPNOTSUPP);
  AlignedBuffer after(kMiB);
  ASSERT_EQ(SyncRead(channel(), 0, after.span()), 0);
  EXPECT_EQ(std::memcmp(after.data(), before.data(), begin), 0);
  const uint64_t end = begin + length;
  EXPECT_EQ(std::memcmp(after.data() + end, before.data() + end, kMiB - end), 0);
  ASSERT_EQ(SyncWrite(channel(), begin, {before.data(), length}), 0);
  ASSERT_EQ(SyncRead(channel(), begin, {after.data(), length}), 0);
  EXPECT_EQ(std::memcmp(after.data(), before.data(), length), 0);
}

// Many requests in flight at once on disjoint ranges, against bytes in memory.
class Workload {
 public:
  Workload(Channel& channel, const DeviceInfo& info, uint64_t begin, uint64_t end, uint64_t seed)
      : channel_(channel),
        sector_bytes_(info.sector_bytes),
        begin_(begin),
        random_(seed),
        model_(end - begin) {
    for (Slot& slot : slots_) {
      slot.workload = this;
      slot.buffer = AlignedBuffer(kMaxBytes);
    }
  }

  void Run(size_t operations) {
    while (operations > 0) {
      Slot& slot = slots_[random_.Below(kSlots)];
      if (!slot.busy && Start(slot)) --operations;
      channel_.Poll();
    }
    Drain(channel_);
    CheckAll();
  }

 private:
  static constexpr size_t kSlots = 24;
  static constexpr uint32_t kMaxBytes = 64 * 1024;

  struct Slot {
    Workload* workload = nullptr;
    IoRequest request;
    AlignedBuffer buffer;
    bool busy = false;
  };

  bool Start(Slot& slot) {
    IoRequest& request = slot.request;
    const uint64_t sectors = model_.size() / sector_bytes_;
    const uint64_t first = random_.Below(sectors);
    const uint64_t count = std::min(1 + random_.Below(kMaxBytes / sector_bytes_), sectors - first);
    const uint64_t offset = first * sector_bytes_;
    const uint32_t length = static_cast<uint32_t>(count * sector_bytes_);
    if (OverlapsAnother(offset, length)) return false;
    const bool flush = random_.OneIn(20);
    request.op = flush              ? IoRequest::Op::kFlush
                 : random_.OneIn(2) ? IoRequest::Op::kRead
                                    : IoRequest::Op::kWrite;
    request.offset_bytes = begin_ + offset;
    request.length_bytes = length;
    request.data = slot.buffer.data();
    request.owner = &slot;
    request.done = [](IoRequest* done) {
      auto* finished = static_cast<Slot*>(done->owner);
      finished->workload->Done(*finished);
    };
    if (request.op == IoRequest::Op::kWrite) {
      random_.Fill({slot.buffer.data(), length});
      std::memcpy(model_.data() + offset, slot.buffer.data(), length);
    }
    slot.busy = true;
    channel_.Submit(&request);
    return true;
  }

  bool OverlapsAnother(uint64_t offset, uint32_t length) const {
    return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
      const uint64_t other = slot.request.offset_bytes - begin_;
      return slot.busy && offset < other + slot.request.length_bytes && other < offset + length;
    });
  }

  void Done(Slot& slot) {
    slot.busy = false;
    const IoRequest& request = slot.request;
    EXPECT_EQ(request.result, 0);
    if (request.op == IoRequest::Op::kRead) {
      EXPECT_EQ(std::memcmp(request.data, model_.data() + (request.offset_bytes - begin_),
                            request.length_bytes),
                0)
          << request.length_bytes << " bytes at " << request.offset_bytes;
    }
  }

  void CheckAll() {
    AlignedBuffer all(model_.size());
    ASSERT_EQ(SyncRead(channel_, begin_, {all.data(), model_.size()}), 0);
    EXPECT_EQ(std::memcmp(all.data(), model_.data(), model_.size()), 0);
  }

  Channel& channel_;
  const uint32_t sector_bytes_;
  const uint64_t begin_;
  Random random_;
  std::vector<uint8_t> model_;
  std::array<Slot, kSlots> slots_;
};

TEST_P(DeviceTest, ARandomWorkloadBehavesLikeMemory) {
  const uint64_t seed = TestSeed(20240607);
  SCOPED_TRACE("ASHLAR_SEED=" + std::to_string(seed));
  Workload workload(channel(), info(), 0, kDeviceBytes, seed);
  workload.Run(3000);
}

TEST_P(DeviceTest, ChannelsOfSeveralThreadsDoNotDisturbEachOther) {
  const uint64_t seed = TestSeed(11);
  SCOPED_TRACE("ASHLAR_SEED=" + std::to_string(seed));
  constexpr uint64_t kThreads = 3;
  constexpr uint64_t kShare = 2 * kMiB;
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Result<std::unique_ptr<Channel>> own = device().OpenChannel();
      ASSERT_TRUE(own.ok()) << own.status().ToString();
      Workload workload(**own, info(), t * kShare, (t + 1) * kShare, seed + t);
      workload.Run(500);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(DeviceTest, AnInlineReadGivesWhatWasWrittenInAnyThread) {
  if (!device().SupportsInlineRead()) {
    EXPECT_EQ(device().ReadInline(0, AlignedBuffer(kPageBytes).data(), kPageBytes), -EOPNOTSUPP);
    return;
  }
  const AlignedBuffer written = Pattern(kMiB, 0, 9);
  ASSERT_EQ(SyncWrite(channel(), 0, written.span()), 0);
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      AlignedBuffer page(kPageBytes);
      for (uint64_t offset = t * kPageBytes; offset < kMiB; offset += 3 * kPageBytes) {
        ASSERT_EQ(device().ReadInline(offset, page.data(), kPageBytes), 0);
        ASSERT_EQ(std::memcmp(page.data(), written.data() + offset, kPageBytes), 0);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(device().counters().reads, kMiB / kPageBytes);
}

// Sleeps as a reactor does. Returns false when a completion did not come within ten seconds.
bool SleepUntilDone(Channel& channel, int epoll_fd) {
  while (channel.in_flight() > 0) {
    if (channel.Poll() > 0) continue;
    channel.AnnounceSleep();
    bool timed_out = false;
    if (channel.Poll() == 0) {
      epoll_event event;
      timed_out = epoll_wait(epoll_fd, &event, 1, 10'000) == 0;
    }
    channel.AnnounceWake();
    if (timed_out) return false;
  }
  return true;
}

TEST_P(FileDeviceTest, TheWakeDescriptorWakesASleeperForEachCompletion) {
  ASSERT_GE(channel().wake_fd(), 0);
  const UniqueFd epoll_fd(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = EPOLLIN;
  ASSERT_EQ(epoll_ctl(epoll_fd.get(), EPOLL_CTL_ADD, channel().wake_fd(), &event), 0);
  // A completion can be taken before the kernel has signalled it; its signal then wakes a later
  // sleeper for nothing, once.
  size_t wakes_for_nothing = 0;
  size_t completions = 0;
  for (int round = 0; round < 60; ++round) {
    const auto op = static_cast<IoRequest::Op>(round % 3);  // read, write, flush
    const size_t requests = round % 10 == 9 ? 400 : static_cast<size_t>(1 + round % 4);
    completions += requests;
    Batch batch(requests);
    for (size_t i = 0; i < requests; ++i) {
      batch.Add(i, op, (i * 7 + static_cast<size_t>(round)) % 1500 * kPageBytes,
                AlignedBuffer(kPageBytes));
      channel().Submit(&batch.requests[i]);
    }
    ASSERT_TRUE(SleepUntilDone(channel(), epoll_fd.get())) << "round " << round;
    EXPECT_EQ(batch.done, requests);
    // With nothing in flight a sleeper is left in peace.
    channel().AnnounceSleep();
    EXPECT_EQ(channel().Poll(), 0);
    while (epoll_wait(epoll_fd.get(), &event, 1, 0) == 1) {
      ASSERT_LE(++wakes_for_nothing, completions) << "round " << round;
      channel().AnnounceWake();
      channel().AnnounceSleep();
    }
    channel().AnnounceWake();
  }
}

TEST_P(FileDeviceTest, WhatWasWrittenIsThereAfterReopening) {
  const AlignedBuffer written = Pattern(kMiB, 0, 10);
  ASSERT_EQ(SyncWrite(channel(), 3 * kPageBytes, written.span()), 0);
  ASSERT_EQ(SyncFlush(channel()), 0);
  for (const bool read_only : {false, true}) {
    channel_.reset();
    const Status reopened = under_test_->Reopen(read_only);
    ASSERT_TRUE(reopened.ok()) << reopened.ToString();
    OpenChannel();
    AlignedBuffer back(kMiB);
    ASSERT_EQ(SyncRead(channel(), 3 * kPageBytes, back.span()), 0);
    EXPECT_EQ(std::memcmp(back.data(), written.data(), kMiB), 0);
  }
}

TEST_P(FileDeviceTest, AReadOnlyDeviceRefusesToChange) {
  channel_.reset();
  const Status reopened = under_test_->Reopen(true);
  ASSERT_TRUE(reopened.ok()) << reopened.ToString();
  OpenChannel();
  AlignedBuffer page = Pattern(kPageBytes, 0, 11);
  EXPECT_EQ(SyncWrite(channel(), 0, page.span()), -EROFS);
  EXPECT_EQ(SyncDiscard(channel(), 0, kPageBytes), -EROFS);
  EXPECT_EQ(SyncFlush(channel()), 0);
  EXPECT_EQ(SyncRead(channel(), 0, page.span()), 0);
  EXPECT_EQ(std::count(page.data(), page.data() + kPageBytes, 0), kPageBytes);
}

std::string NameOfCase(const ::testing::TestParamInfo<DeviceCase>& test) {
  return DeviceCaseName(test.param);
}

INSTANTIATE_TEST_SUITE_P(On, DeviceTest, ::testing::ValuesIn(AllDeviceCases()), NameOfCase);
INSTANTIATE_TEST_SUITE_P(On, FileDeviceTest, ::testing::ValuesIn(FileDeviceCases()), NameOfCase);

}  // namespace
}  // namespace ashlar
