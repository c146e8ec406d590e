#include "cpp/testing/crash_device.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <thread>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/encoding.h"
#include "cpp/testing/sync_io.h"

namespace ashlar {
namespace {

constexpr size_t kImages = 300;

AlignedBuffer PageOf(uint8_t byte) {
  AlignedBuffer page(kPageBytes);
  std::memset(page.data(), byte, page.size());
  return page;
}

std::vector<uint8_t> PageIn(const DiskImage& image, uint64_t offset_bytes) {
  std::vector<uint8_t> page(kPageBytes);
  image.Read(offset_bytes, page);
  return page;
}

bool IsWhole(const std::vector<uint8_t>& page, uint8_t byte) {
  return std::all_of(page.begin(), page.end(), [byte](uint8_t b) { return b == byte; });
}

// A request that the test completes when it likes.
struct Held {
  IoRequest request;
  bool finished = false;

  Held(Channel& channel, IoRequest::Op op, uint64_t offset_bytes, AlignedBuffer* buffer) {
    request.op = op;
    request.offset_bytes = offset_bytes;
    if (buffer != nullptr) {
      request.length_bytes = static_cast<uint32_t>(buffer->size());
      request.data = buffer->data();
    }
    request.owner = &finished;
    request.done = [](IoRequest* done) { *static_cast<bool*>(done->owner) = true; };
    channel.Submit(&request);
  }
};

class CrashDeviceTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(CrashDeviceOptions()); }

  void Start(CrashDeviceOptions options) {
    channel_.reset();
    options.size_bytes = kMiB;
    Result<std::unique_ptr<CrashDevice>> device = CrashDevice::Make(options);
    ASSERT_TRUE(device.ok()) << device.status().ToString();
    device_ = std::move(device).value();
    Result<std::unique_ptr<Channel>> channel = device_->OpenChannel();
    ASSERT_TRUE(channel.ok());
    channel_ = std::move(channel).value();
  }

  void WritePage(uint64_t offset_bytes, uint8_t byte) {
    ASSERT_EQ(SyncWrite(*channel_, offset_bytes, PageOf(byte).span()), 0);
  }
  void Flush() { ASSERT_EQ(SyncFlush(*channel_), 0); }

  // How often the page at `offset_bytes` is all `byte` in images of a power cut now.
  size_t CountWhole(uint64_t offset_bytes, uint8_t byte) {
    size_t count = 0;
    for (uint64_t seed = 0; seed < kImages; ++seed) {
      const DiskImage image = device_->CrashImage(device_->log_position(), seed);
      count += IsWhole(PageIn(image, offset_bytes), byte) ? 1 : 0;
    }
    return count;
  }

  std::unique_ptr<CrashDevice> device_;
  std::unique_ptr<Channel> channel_;
};

TEST_F(CrashDeviceTest, AFlushedPageIsInEveryImage) {
  WritePage(0, 1);
  Flush();
  WritePage(kPageBytes, 2);
  EXPECT_EQ(CountWhole(0, 1), kImages);
}

TEST_F(CrashDeviceTest, AnUnflushedPageIsWholeInSomeImagesAbsentFromSomeAndTornInSome) {
  WritePage(0, 1);
  const size_t whole = CountWhole(0, 1);
  const size_t absent = CountWhole(0, 0);
  EXPECT_GT(whole, kImages / 20);
  EXPECT_GT(absent, kImages / 20);
  EXPECT_GT(kImages - whole - absent, kImages / 20) << "never torn";
}

TEST_F(CrashDeviceTest, ATornPageIsTornBetweenSectors) {
  WritePage(0, 1);
  for (uint64_t seed = 0; seed < kImages; ++seed) {
    const DiskImage image = device_->CrashImage(device_->log_position(), seed);
    const std::vector<uint8_t> page = PageIn(image, 0);
    for (size_t sector = 0; sector < kPageBytes; sector += 512) {
      ASSERT_TRUE(std::all_of(page.begin() + sector, page.begin() + sector + 512,
                              [&](uint8_t byte) { return byte == page[sector]; }));
    }
  }
}

TEST_F(CrashDeviceTest, ADriveWithSectorsOfAPageNeverTearsIt) {
  CrashDeviceOptions options;
  options.sector_bytes = kPageBytes;
  Start(options);
  WritePage(0, 1);
  EXPECT_EQ(CountWhole(0, 1) + CountWhole(0, 0), kImages);
  // Two pages may still part company.
  AlignedBuffer two(2 * kPageBytes);
  std::memset(two.data(), 7, two.size());
  ASSERT_EQ(SyncWrite(*channel_, 4 * kPageBytes, two.span()), 0);
  size_t parted = 0;
  for (uint64_t seed = 0; seed < kImages; ++seed) {
    const DiskImage image = device_->CrashImage(device_->log_position(), seed);
    parted += PageIn(image, 4 * kPageBytes) != PageIn(image, 5 * kPageBytes) ? 1 : 0;
  }
  EXPECT_GT(parted, 0u);
}

TEST_F(CrashDeviceTest, AWriteInFlightMayBeOnTheMedium) {
  CrashDeviceOptions options;
  options.max_delay_polls = 1000;
  Start(options);
  AlignedBuffer page = PageOf(3);
  Held held(*channel_, IoRequest::Op::kWrite, 0, &page);
  ASSERT_FALSE(held.finished);
  EXPECT_GT(CountWhole(0, 3), 0u);
  EXPECT_GT(CountWhole(0, 0), 0u);
  Drain(*channel_);
}

TEST_F(CrashDeviceTest, AFlushDoesNotCoverAWriteThatWasStillInFlightWhenItWasSubmitted) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    CrashDeviceOptions options;
    options.seed = seed;
    options.max_delay_polls = 20;
    Start(options);
    AlignedBuffer page = PageOf(3);
    Held write(*channel_, IoRequest::Op::kWrite, 0, &page);
    Held flush(*channel_, IoRequest::Op::kFlush, 0, nullptr);
    Drain(*channel_);
    ASSERT_TRUE(write.finished && flush.finished);
    EXPECT_GT(CountWhole(0, 0), 0u) << "seed " << seed;
    Flush();
    EXPECT_EQ(CountWhole(0, 3), kImages);
  }
}

TEST_F(CrashDeviceTest, ALaterWriteToTheSamePlaceWins) {
  WritePage(0, 1);
  WritePage(0, 2);
  // Any mixture is legal before the flush, but the drive cannot go back behind it.
  EXPECT_GT(CountWhole(0, 1), 0u);
  EXPECT_GT(CountWhole(0, 2), 0u);
  Flush();
  EXPECT_EQ(CountWhole(0, 2), kImages);
  WritePage(0, 3);
  EXPECT_EQ(CountWhole(0, 1), 0u);
  EXPECT_GT(CountWhole(0, 2), 0u);
  EXPECT_GT(CountWhole(0, 3), 0u);
}

TEST_F(CrashDeviceTest, AnOlderWriteStoredLateDoesNotReplaceADurableOne) {
  CrashLog log{DiskImage(kMiB)};
  const AlignedBuffer old_page = PageOf(1);
  const AlignedBuffer new_page = PageOf(2);
  // The old write is applied first, but acknowledged only after the flush was submitted.
  const size_t old_write = log.SubmitWrite(0, old_page.span(), true);
  const size_t new_write = log.SubmitWrite(0, new_page.span(), true);
  log.CompleteWrite(new_write);
  log.CompleteFlush(log.SubmitFlush());
  log.CompleteWrite(old_write);
  CrashReplay replay(log, 512);
  replay.AdvanceTo(log.position());
  for (uint64_t seed = 0; seed < kImages; ++seed) {
    ASSERT_TRUE(IsWhole(PageIn(replay.Crash(seed), 0), 2)) << "seed " << seed;
  }
  EXPECT_TRUE(IsWhole(PageIn(replay.Full(), 0), 2));
}

TEST_F(CrashDeviceTest, AnImageDependsOnItsPositionAndSeedOnly) {
  WritePage(0, 1);
  WritePage(kPageBytes, 2);
  const size_t position = device_->log_position();
  std::vector<DiskImage> images;
  for (uint64_t seed = 0; seed < 20; ++seed) images.push_back(device_->CrashImage(position, seed));
  WritePage(0, 9);
  Flush();
  WritePage(2 * kPageBytes, 9);
  EXPECT_EQ(CountWhole(0, 9), kImages);  // moves the replay past `position`
  std::set<std::vector<uint8_t>> distinct;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_TRUE(device_->CrashImage(position, seed) == images[seed]) << "seed " << seed;
    distinct.insert(images[seed].ToBytes());
  }
  EXPECT_GT(distinct.size(), 3u);
}

TEST_F(CrashDeviceTest, TheFullImageIsWhatReadersSee) {
  const uint64_t seed = TestSeed(7);
  SCOPED_TRACE("ASHLAR_SEED=" + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 300; ++i) {
    WritePage(random.Below(kMiB / kPageBytes) * kPageBytes, static_cast<uint8_t>(random.Next()));
    if (random.OneIn(10)) Flush();
    if (random.OneIn(20)) {
      ASSERT_EQ(SyncDiscard(*channel_, random.Below(200) * kPageBytes, 3 * kPageBytes), 0);
    }
  }
  AlignedBuffer all(kMiB);
  ASSERT_EQ(SyncRead(*channel_, 0, all.span()), 0);
  const std::vector<uint8_t> full = device_->FullImage(device_->log_position()).ToBytes();
  EXPECT_EQ(std::memcmp(full.data(), all.data(), kMiB), 0);
}

TEST_F(CrashDeviceTest, ALyingFlushMakesNothingDurable) {
  device_->LieAboutFlush(true);
  WritePage(0, 1);
  Flush();
  EXPECT_GT(CountWhole(0, 0), 0u);
  device_->LieAboutFlush(false);
  Flush();
  EXPECT_EQ(CountWhole(0, 1), kImages);
}

TEST_F(CrashDeviceTest, AfterAFailedFlushAnotherOneDoesNotSaveTheWrite) {
  WritePage(0, 1);
  device_->FailNth(IoRequest::Op::kFlush, 1, EIO);
  EXPECT_EQ(SyncFlush(*channel_), -EIO);
  Flush();
  EXPECT_GT(CountWhole(0, 0), 0u);
  WritePage(0, 1);
  Flush();
  EXPECT_EQ(CountWhole(0, 1), kImages);
}

TEST_F(CrashDeviceTest, FaultsHitTheNthRequestOfTheirKind) {
  device_->FailNth(IoRequest::Op::kWrite, 2, ENOSPC);
  device_->FailNth(IoRequest::Op::kRead, 3, EIO, true);
  AlignedBuffer page = PageOf(5);
  EXPECT_EQ(SyncWrite(*channel_, 0, page.span()), 0);
  EXPECT_EQ(SyncWrite(*channel_, 0, page.span()), -ENOSPC);
  EXPECT_EQ(SyncWrite(*channel_, 0, page.span()), 0);
  EXPECT_EQ(SyncRead(*channel_, 0, page.span()), 0);
  EXPECT_EQ(device_->ReadInline(0, page.data(), kPageBytes), 0);
  EXPECT_EQ(SyncRead(*channel_, 0, page.span()), -EIO);
  EXPECT_EQ(device_->ReadInline(0, page.data(), kPageBytes), -EIO);
  device_->ClearFaults();
  EXPECT_EQ(SyncRead(*channel_, 0, page.span()), 0);
}

TEST_F(CrashDeviceTest, AFailedWriteHasStoredAnyPartAndIsNeverDurable) {
  std::set<size_t> lengths;
  for (uint64_t page = 0; page < 64; ++page) {
    device_->FailNth(IoRequest::Op::kWrite, 1, EIO);
    ASSERT_EQ(SyncWrite(*channel_, page * kPageBytes, PageOf(5).span()), -EIO);
    AlignedBuffer back(kPageBytes);
    ASSERT_EQ(SyncRead(*channel_, page * kPageBytes, back.span()), 0);
    lengths.insert(
        static_cast<size_t>(std::count(back.data(), back.data() + kPageBytes, uint8_t{5})));
  }
  EXPECT_EQ(lengths.size(), 9u) << "0 to 8 sectors arrive";
  Flush();
  EXPECT_GT(CountWhole(0, 0), 0u);
}

TEST_F(CrashDeviceTest, ReadsOfABadRangeFail) {
  device_->FailReads(kPageBytes + 512, 512, EIO);
  AlignedBuffer pages(2 * kPageBytes);
  EXPECT_EQ(SyncRead(*channel_, 0, {pages.data(), kPageBytes}), 0);
  EXPECT_EQ(SyncRead(*channel_, 0, pages.span()), -EIO);
  EXPECT_EQ(device_->ReadInline(kPageBytes, pages.data(), kPageBytes), -EIO);
  EXPECT_EQ(SyncRead(*channel_, 2 * kPageBytes, pages.span()), 0);
  EXPECT_EQ(SyncWrite(*channel_, kPageBytes, pages.span()), 0);
}

TEST_F(CrashDeviceTest, FlippedBitsAreReadAndSurviveTheCrash) {
  WritePage(0, 0);
  Flush();
  device_->FlipBits(100, 1, 1, 42);
  const DiskImage image = device_->CrashImage(device_->log_position(), 1);
  AlignedBuffer page(kPageBytes);
  ASSERT_EQ(SyncRead(*channel_, 0, page.span()), 0);
  EXPECT_EQ(__builtin_popcount(page.data()[100]), 1);
  EXPECT_EQ(std::memcmp(PageIn(image, 0).data(), page.data(), kPageBytes), 0);
  EXPECT_EQ(std::count(page.data(), page.data() + kPageBytes, 0), kPageBytes - 1);
}

TEST_F(CrashDeviceTest, WithThePowerOffNothingSucceedsAndNothingIsLogged) {
  WritePage(0, 1);
  AlignedBuffer page = PageOf(2);
  Held held(*channel_, IoRequest::Op::kWrite, kPageBytes, &page);
  const size_t position = device_->log_position();
  device_->PowerOff();
  Drain(*channel_);
  EXPECT_EQ(held.request.result, -EIO);
  EXPECT_EQ(SyncFlush(*channel_), -EIO);
  EXPECT_EQ(SyncWrite(*channel_, 0, page.span()), -EIO);
  EXPECT_EQ(SyncRead(*channel_, 0, page.span()), -EIO);
  EXPECT_EQ(device_->log_position(), position);
}

TEST_F(CrashDeviceTest, RequestsCompleteOutOfOrder) {
  constexpr int kRequests = 50;
  static std::vector<const IoRequest*> order;
  order.clear();
  std::vector<IoRequest> requests(kRequests);
  AlignedBuffer page = PageOf(1);
  for (int i = 0; i < kRequests; ++i) {
    requests[i].op = IoRequest::Op::kWrite;
    requests[i].offset_bytes = static_cast<uint64_t>(i) * kPageBytes;
    requests[i].length_bytes = kPageBytes;
    requests[i].data = page.data();
    requests[i].done = [](IoRequest* request) { order.push_back(request); };
    channel_->Submit(&requests[i]);
  }
  Drain(*channel_);
  ASSERT_EQ(order.size(), static_cast<size_t>(kRequests));
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(CrashDeviceTest, ABufferThatChangesInFlightIsNoticed) {
  CrashDeviceOptions options;
  options.max_delay_polls = 0;
  Start(options);
  AlignedBuffer page = PageOf(1);
  Held held(*channel_, IoRequest::Op::kWrite, 0, &page);
  page.data()[17] = 2;
  Drain(*channel_);
  EXPECT_EQ(device_->buffers_changed_in_flight(), 1u);
}

TEST_F(CrashDeviceTest, ADeviceFromAnImageHoldsItDurably) {
  WritePage(kPageBytes, 4);
  DiskImage image = device_->FullImage(device_->log_position());
  Result<std::unique_ptr<CrashDevice>> second =
      CrashDevice::FromImage(CrashDeviceOptions(), std::move(image));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*second)->info().size_bytes, kMiB);
  for (uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_TRUE(IsWhole(PageIn((*second)->CrashImage(0, seed), kPageBytes), 4));
  }
}

TEST_F(CrashDeviceTest, RefusesSizesOutOfRange) {
  CrashDeviceOptions options;
  options.size_bytes = 1000;
  EXPECT_EQ(CrashDevice::Make(options).status().code(), StatusCode::kInvalidArgument);
  options.size_bytes = kMiB;
  options.sector_bytes = 1024;
  EXPECT_EQ(CrashDevice::Make(options).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(CrashDeviceTest, ServesManyThreadsAtOnce) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kPagesPerThread = 60;
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Result<std::unique_ptr<Channel>> channel = device_->OpenChannel();
      ASSERT_TRUE(channel.ok());
      for (uint64_t i = 0; i < kPagesPerThread; ++i) {
        const uint64_t offset = (t * kPagesPerThread + i) * kPageBytes;
        EXPECT_EQ(SyncWrite(**channel, offset, PageOf(static_cast<uint8_t>(i + 1)).span()), 0);
        if (i % 8 == 0) {
          EXPECT_EQ(SyncFlush(**channel), 0);
        }
        device_->CrashImage(device_->log_position(), i);
      }
      EXPECT_EQ(SyncFlush(**channel), 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const DiskImage image = device_->CrashImage(device_->log_position(), 1);
  for (uint64_t i = 0; i < kThreads * kPagesPerThread; ++i) {
    EXPECT_TRUE(
        IsWhole(PageIn(image, i * kPageBytes), static_cast<uint8_t>(i % kPagesPerThread + 1)));
  }
}

// The smallest commit protocol there is: data to a fresh place, a flush, then a root that points to
// it. Returns whether some power cut leaves a root that points to data that is not there.
bool ACommitCanBreak(CrashDevice& device, Channel& channel, bool flush_before_root) {
  for (uint64_t version = 1; version <= 20; ++version) {
    AlignedBuffer data = PageOf(static_cast<uint8_t>(version));
    EXPECT_EQ(SyncWrite(channel, version * kPageBytes, data.span()), 0);
    if (flush_before_root) {
      EXPECT_EQ(SyncFlush(channel), 0);
    }
    AlignedBuffer root(kPageBytes);
    StoreLittle(root.data(), version);
    EXPECT_EQ(SyncWrite(channel, 0, root.span()), 0);
    EXPECT_EQ(SyncFlush(channel), 0);
  }
  bool broken = false;
  ForEachCrashImage(device, CrashImageOptions(), [&](PowerCut& cut) {
    const auto version = LoadLittle<uint64_t>(PageIn(cut.image, 0).data());
    broken = version != 0 &&
             !IsWhole(PageIn(cut.image, version * kPageBytes), static_cast<uint8_t>(version));
    return !broken;
  });
  return broken;
}

TEST_F(CrashDeviceTest, TellsAProtocolWithAllItsFlushesFromOneWithout) {
  EXPECT_FALSE(ACommitCanBreak(*device_, *channel_, true));
  Start(CrashDeviceOptions());
  EXPECT_TRUE(ACommitCanBreak(*device_, *channel_, false));
  Start(CrashDeviceOptions());
  device_->LieAboutFlush(true);
  EXPECT_TRUE(ACommitCanBreak(*device_, *channel_, true));
}

TEST_F(CrashDeviceTest, PowerCutsComeInOrderAndIncludeTheLastMoment) {
  for (uint8_t i = 0; i < 20; ++i) WritePage(0, i);
  CrashImageOptions options;
  options.images = 50;
  options.first_position = device_->log_position() / 2;
  size_t count = 0;
  size_t last = options.first_position;
  ForEachCrashImage(*device_, options, [&](PowerCut& cut) {
    EXPECT_GE(cut.position, last);
    EXPECT_TRUE(cut.image == device_->CrashImage(cut.position, cut.seed));
    last = cut.position;
    ++count;
    return true;
  });
  EXPECT_EQ(count, 50u);
  EXPECT_EQ(last, device_->log_position());
}

TEST(DiskImageTest, CopiesDoNotSeeEachOthersWrites) {
  DiskImage first(2 * kPageBytes);
  const AlignedBuffer ones = PageOf(1);
  first.Write(0, ones.span());
  DiskImage second = first;
  const uint8_t byte = 9;
  second.Write(kPageBytes - 1, {&byte, 1});
  EXPECT_TRUE(IsWhole(PageIn(first, 0), 1));
  EXPECT_FALSE(first == second);
  first = second;
  EXPECT_TRUE(first == second);
  EXPECT_EQ(PageIn(first, 0)[kPageBytes - 1], 9);
}

}  // namespace
}  // namespace ashlar
