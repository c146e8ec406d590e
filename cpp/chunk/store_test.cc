// The data path of one store, operation by operation.
#include "ashlar/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/crc32c.h"
#include "cpp/testing/random.h"
#include "cpp/testing/test_store.h"

namespace ashlar {
namespace {

std::vector<uint8_t> RandomBytes(size_t length, uint64_t seed) {
  std::vector<uint8_t> bytes(length);
  Random(seed).Fill(bytes);
  return bytes;
}

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CrashDeviceOptions crash;
    crash.size_bytes = 64 * kMiB;
    auto device = CrashDevice::Make(crash);
    ASSERT_TRUE(device.ok());
    device_ = std::move(device).value();
    ASSERT_TRUE(AddCrashDevice("store_test", device_).ok());
    const Status opened = test_.OpenAndStart(TestStore::Crash("store_test", true));
    ASSERT_TRUE(opened.ok()) << opened.ToString();
  }
  void TearDown() override {
    if (HasFatalFailure()) return;
    EXPECT_EQ(test_->Numbers().internal_errors, expected_internal_errors_);
    EXPECT_EQ(device_->buffers_changed_in_flight(), 0u);
    (void)test_.Close(false);
    DropCrashDevice("store_test");
  }

  StoreClient& client() { return test_.client(); }
  StoreClient::WriteResult WriteAt(std::span<const MappedPage> old, uint32_t head,
                                   std::span<const uint8_t> bytes) {
    return client().Write(test_.store(), 0, old, head, bytes);
  }
  // Fresh pages of random bytes.
  std::vector<MappedPage> WritePages(uint32_t count, uint64_t seed, std::vector<uint8_t>* bytes) {
    *bytes = RandomBytes(count * kPageBytes, seed);
    auto written = WriteAt(std::vector<MappedPage>(count), 0, *bytes);
    EXPECT_TRUE(written.outcome.ok());
    return written.pages;
  }

  std::shared_ptr<CrashDevice> device_;
  TestStore test_;
  uint64_t expected_internal_errors_ = 0;
};

TEST_F(StoreTest, WholePagesGoStraightFromAndToTheCaller) {
  std::vector<uint8_t> first;
  WritePages(1, 22, &first);  // makes the private blob
  AlignedBuffer data(256 * kPageBytes);
  Random(1).Fill(data.span());
  const DeviceCounters before = test_->Numbers().counters;
  auto written = WriteAt(std::vector<MappedPage>(256), 0, data.span());
  ASSERT_TRUE(written.outcome.ok());
  for (size_t i = 0; i < 256; ++i) {
    EXPECT_EQ(written.pages[i].crc, Crc32c(data.data() + i * kPageBytes, kPageBytes));
  }
  AlignedBuffer back(256 * kPageBytes);
  ASSERT_TRUE(client().Read(test_.store(), 0, written.pages, 0, back.span()).ok());
  EXPECT_TRUE(std::ranges::equal(data.span(), back.span()));
  // One I/O each: the pages are contiguous.
  const DeviceCounters after = test_->Numbers().counters;
  EXPECT_EQ(after.writes - before.writes, 1u);
  EXPECT_EQ(after.reads - before.reads, 1u);
  EXPECT_EQ(after.bytes_written - before.bytes_written, 256u * kPageBytes);
}

// Bytes as they must be after `bytes` were written over `old` at `offset`.
std::vector<uint8_t> Overlay(std::vector<uint8_t> old, size_t offset,
                             std::span<const uint8_t> bytes) {
  std::copy(bytes.begin(), bytes.end(), old.begin() + static_cast<int64_t>(offset));
  return old;
}

TEST_F(StoreTest, AnUnalignedWriteMergesWithTheOldFirstAndLastPage) {
  std::vector<uint8_t> old_bytes;
  const std::vector<MappedPage> old = WritePages(3, 1, &old_bytes);
  const std::vector<uint8_t> bytes = RandomBytes(2 * kPageBytes, 2);
  auto written = WriteAt(old, 3000, bytes);
  ASSERT_TRUE(written.outcome.ok());
  std::vector<uint8_t> back(3 * kPageBytes);
  ASSERT_TRUE(client().Read(test_.store(), 0, written.pages, 0, back).ok());
  EXPECT_EQ(back, Overlay(old_bytes, 3000, bytes));
  // The old pages are as they were: they are freed by whoever commits, not by the write.
  ASSERT_TRUE(client().Read(test_.store(), 0, old, 0, back).ok());
  EXPECT_EQ(back, old_bytes);
  EXPECT_EQ(test_->Numbers().used_pages, 6u);
}

TEST_F(StoreTest, AWriteWithinOnePageMergesOnBothSides) {
  std::vector<uint8_t> old_bytes;
  const std::vector<MappedPage> old = WritePages(1, 3, &old_bytes);
  const std::vector<uint8_t> bytes = RandomBytes(10, 4);
  auto written = WriteAt(old, 4000, bytes);
  ASSERT_TRUE(written.outcome.ok());
  std::vector<uint8_t> back(kPageBytes);
  ASSERT_TRUE(client().Read(test_.store(), 0, written.pages, 0, back).ok());
  EXPECT_EQ(back, Overlay(old_bytes, 4000, bytes));
}

TEST_F(StoreTest, AroundAWriteIntoAHoleAreZeros) {
  const std::vector<uint8_t> bytes = RandomBytes(kPageBytes + 7, 5);
  auto written = WriteAt(std::vector<MappedPage>(2), 1000, bytes);
  ASSERT_TRUE(written.outcome.ok());
  std::vector<uint8_t> back(2 * kPageBytes);
  ASSERT_TRUE(client().Read(test_.store(), 0, written.pages, 0, back).ok());
  EXPECT_EQ(back, Overlay(std::vector<uint8_t>(2 * kPageBytes), 1000, bytes));
}

TEST_F(StoreTest, HolesReadAsZerosBetweenPages) {
  std::vector<uint8_t> bytes;
  std::vector<MappedPage> pages = WritePages(4, 6, &bytes);
  pages[1] = MappedPage();
  pages[3] = MappedPage();
  std::fill_n(bytes.begin() + kPageBytes, kPageBytes, uint8_t{0});
  std::fill_n(bytes.begin() + 3 * kPageBytes, kPageBytes, uint8_t{0});
  std::vector<uint8_t> back(3 * kPageBytes, 0xcc);
  ASSERT_TRUE(client().Read(test_.store(), 0, pages, 100, back).ok());
  EXPECT_TRUE(std::equal(back.begin(), back.end(), bytes.begin() + 100));
}

TEST_F(StoreTest, EveryOffsetLengthAndAlignmentOfMemoryGivesTheSameBytes) {
  std::vector<uint8_t> bytes;
  const std::vector<MappedPage> pages = WritePages(3, 7, &bytes);
  AlignedBuffer memory(4 * kPageBytes);
  Random random(8);
  for (int i = 0; i < 300; ++i) {
    const size_t offset = random.Below(bytes.size());
    const size_t length = 1 + random.Below(bytes.size() - offset);
    const size_t first = offset / kPageBytes;
    const size_t last = (offset + length - 1) / kPageBytes;
    const auto into = memory.span().subspan(random.OneIn(2) ? 0 : random.Below(4096), length);
    ASSERT_TRUE(client()
                    .Read(test_.store(), 0, std::span(pages).subspan(first, last - first + 1),
                          static_cast<uint32_t>(offset % kPageBytes), into)
                    .ok());
    ASSERT_TRUE(std::equal(into.begin(), into.end(), bytes.begin() + static_cast<int64_t>(offset)));
  }
}

// --- checksums -------------------------------------------------------------------------------

TEST_F(StoreTest, AWrongChecksumNamesThePageAndBothSums) {
  std::vector<uint8_t> bytes;
  const std::vector<MappedPage> pages = WritePages(5, 9, &bytes);
  const uint64_t offset = test_.DeviceOffset(pages[3].location);
  device_->FlipBits(offset, kPageBytes, 1, 1);
  std::vector<uint8_t> back(5 * kPageBytes);
  const OpOutcome outcome = client().Read(test_.store(), 0, pages, 0, back);
  EXPECT_EQ(outcome.code, StatusCode::kChecksumMismatch);
  EXPECT_EQ(outcome.failed_page, 3u);
  EXPECT_EQ(outcome.failed_location, pages[3].location);
  EXPECT_EQ(outcome.failed_offset, offset);
  EXPECT_EQ(outcome.expected_crc, pages[3].crc);
  EXPECT_NE(outcome.actual_crc, pages[3].crc);
}

TEST_F(StoreTest, AReadOfAPartOfAPageVerifiesTheWholePage) {
  std::vector<uint8_t> bytes;
  const std::vector<MappedPage> pages = WritePages(1, 10, &bytes);
  device_->FlipBits(test_.DeviceOffset(pages[0].location) + 4000, 8, 1, 1);
  std::vector<uint8_t> back(16);
  EXPECT_EQ(client().Read(test_.store(), 0, pages, 0, back).code, StatusCode::kChecksumMismatch);
}

TEST_F(StoreTest, AMergeWithADamagedOldPageFailsAndWritesNothing) {
  for (const bool damage_head : {true, false}) {
    std::vector<uint8_t> bytes;
    const std::vector<MappedPage> old = WritePages(2, 11, &bytes);
    const MappedPage& damaged = old[damage_head ? 0 : 1];
    const uint64_t offset = test_.DeviceOffset(damaged.location);
    device_->FlipBits(offset, kPageBytes, 1, 1);
    const StoreNumbers before = test_->Numbers();
    auto written = WriteAt(old, 50, RandomBytes(kPageBytes, 12));
    EXPECT_EQ(written.outcome.code, StatusCode::kChecksumMismatch);
    EXPECT_EQ(written.outcome.failed_page, damage_head ? 0u : 1u);
    EXPECT_EQ(written.outcome.failed_location, damaged.location);
    EXPECT_EQ(written.outcome.failed_offset, offset);
    EXPECT_EQ(written.outcome.expected_crc, damaged.crc);
    const StoreNumbers after = test_->Numbers();
    EXPECT_EQ(after.used_pages, before.used_pages);
    EXPECT_EQ(after.counters.writes, before.counters.writes);
  }
}

// --- errors of the device ----------------------------------------------------------------------

TEST_F(StoreTest, AFailedWriteGivesItsPagesBackAndNamesTheErrno) {
  const StoreNumbers before = test_->Numbers();
  device_->FailNth(IoRequest::Op::kWrite, 1, EIO);
  auto written = WriteAt(std::vector<MappedPage>(8), 0, RandomBytes(8 * kPageBytes, 13));
  EXPECT_EQ(written.outcome.code, StatusCode::kIoError);
  EXPECT_EQ(written.outcome.sys_errno, EIO);
  EXPECT_EQ(test_->Numbers().used_pages, before.used_pages);
}

TEST_F(StoreTest, AFailedReadNamesThePageAndTheErrno) {
  std::vector<uint8_t> bytes;
  std::vector<MappedPage> pages = WritePages(3, 14, &bytes);
  std::swap(pages[0], pages[2]);  // three I/Os
  const uint64_t offset = test_.DeviceOffset(pages[1].location);
  device_->FailReads(offset, kPageBytes, EIO);
  std::vector<uint8_t> back(3 * kPageBytes);
  const OpOutcome outcome = client().Read(test_.store(), 0, pages, 0, back);
  EXPECT_EQ(outcome.code, StatusCode::kIoError);
  EXPECT_EQ(outcome.sys_errno, EIO);
  EXPECT_EQ(outcome.failed_page, 1u);
  EXPECT_EQ(outcome.failed_location, pages[1].location);
  EXPECT_EQ(outcome.failed_offset, offset);
}

TEST_F(StoreTest, AMergeWhoseOldPageCannotBeReadFails) {
  std::vector<uint8_t> bytes;
  const std::vector<MappedPage> old = WritePages(1, 15, &bytes);
  device_->FailReads(test_.DeviceOffset(old[0].location), kPageBytes, EIO);
  auto written = WriteAt(old, 1, RandomBytes(5, 16));
  EXPECT_EQ(written.outcome.code, StatusCode::kIoError);
  EXPECT_EQ(written.outcome.failed_location, old[0].location);
  EXPECT_EQ(test_->Numbers().used_pages, 1u);
}

TEST_F(StoreTest, AFailedFlushIsAnError) {
  device_->FailNth(IoRequest::Op::kFlush, 1, EIO);
  const OpOutcome outcome = client().Flush(test_.store(), 0);
  EXPECT_EQ(outcome.code, StatusCode::kIoError);
  EXPECT_EQ(outcome.sys_errno, EIO);
}

// --- faults of the caller ------------------------------------------------------------------------

TEST_F(StoreTest, ALocationInNoBlobIsAnErrorAndNeverACrash) {
  std::vector<uint8_t> bytes;
  const std::vector<MappedPage> pages = WritePages(1, 17, &bytes);
  const uint32_t root = pages[0].location.blob().value;
  const auto blob_pages = static_cast<uint32_t>(test_->Numbers().private_pages);
  for (const PageAddress bad :
       {PageAddress::Of({root}, blob_pages), PageAddress::Of({root}, ~0u),
        PageAddress::Of({root + 1}, 0), PageAddress::Of({~0u}, 0), PageAddress{12345}}) {
    const std::vector<MappedPage> mapped = {pages[0], {bad, 1}};
    std::vector<uint8_t> back(2 * kPageBytes);
    const OpOutcome read = client().Read(test_.store(), 0, mapped, 0, back);
    EXPECT_EQ(read.code, StatusCode::kCorrupt) << bad.value;
    EXPECT_EQ(read.failed_location, bad);
    EXPECT_EQ(read.failed_page, 1u);
    auto merged = WriteAt(mapped, 5, RandomBytes(kPageBytes, 1));
    EXPECT_EQ(merged.outcome.code, StatusCode::kCorrupt);
    EXPECT_EQ(client().FreePages(test_.store(), 0, std::span(mapped).subspan(1)).code,
              StatusCode::kCorrupt);
    EXPECT_EQ(Store::ReadInline(test_->number(), back.data(), 0, 4096, bad.value, 1),
              -static_cast<int>(StatusCode::kCorrupt));
    ++expected_internal_errors_;
  }
  EXPECT_EQ(test_->Numbers().used_pages, 1u);
}

TEST_F(StoreTest, FreeingAPageTwiceIsAnErrorThatIsCounted) {
  std::vector<uint8_t> bytes;
  const std::vector<MappedPage> pages = WritePages(4, 18, &bytes);
  ASSERT_TRUE(client().FreePages(test_.store(), 0, std::span(pages).first(1)).ok());
  const SpaceRun again = {pages[0].location.value, 1};
  const SpaceRun good = {pages[2].location.value, 2};
  const OpOutcome outcome = client().Free(test_.store(), 0, std::vector<SpaceRun>{again, good});
  EXPECT_EQ(outcome.code, StatusCode::kCorrupt);
  EXPECT_EQ(outcome.failed_page, 0u);
  EXPECT_EQ(outcome.failed_location, pages[0].location);
  expected_internal_errors_ = 1;
  // What was right about it has been done.
  EXPECT_EQ(test_->Numbers().used_pages, 1u);
}

TEST_F(StoreTest, MalformedSlotsAreRefused) {
  std::vector<uint8_t> memory(8 * kPageBytes);
  struct Shape {
    uint32_t page_count, head_offset, length;
  };
  for (const Shape shape : {Shape{0, 0, 0}, Shape{257, 0, 257 * kPageBytes}, Shape{1, 0, 0},
                            Shape{1, 4096, 10}, Shape{1, 10, 4096}, Shape{2, 0, 4096},
                            Shape{1, 0, 0xffffffff}, Shape{2, 0xffffffff, 0xffffffff}}) {
    for (const OpCode opcode : {OpCode::kRead, OpCode::kWrite}) {
      const uint32_t index = client().TakeSlot();
      OpSlot& slot = client().slot(index);
      slot.store = test_->number();
      slot.opcode = static_cast<uint32_t>(opcode);
      slot.address = reinterpret_cast<uint64_t>(memory.data());
      slot.page_count = shape.page_count;
      slot.head_offset_bytes = shape.head_offset;
      slot.length_bytes = shape.length;
      OpOutcome outcome;
      client().Submit(0, index, [&](OpSlot& done) { outcome = StoreClient::OutcomeOf(done); });
      client().WaitForAll();
      EXPECT_EQ(outcome.code, StatusCode::kInvalidArgument)
          << shape.page_count << " " << shape.head_offset << " " << shape.length;
    }
  }
  const uint32_t index = client().TakeSlot();
  client().slot(index).store = test_->number();
  client().slot(index).opcode = 99;
  client().Submit(0, index, [](OpSlot& done) {
    EXPECT_EQ(done.status, -static_cast<int>(StatusCode::kInvalidArgument));
  });
  client().WaitForAll();
}

TEST_F(StoreTest, AStaleNumberAnswersClosed) {
  std::vector<uint8_t> bytes;
  const std::vector<MappedPage> pages = WritePages(1, 19, &bytes);
  const uint64_t stale = test_->number();
  ASSERT_TRUE(test_.Close(true).ok());
  EXPECT_EQ(client().Read(test_.store(), 0, pages, 0, bytes).code, StatusCode::kClosed);
  EXPECT_EQ(client().Flush(test_.store(), 0).code, StatusCode::kClosed);
  EXPECT_EQ(Store::Find(stale), nullptr);
  EXPECT_EQ(Store::ReadInline(stale, bytes.data(), 0, 16, pages[0].location.value, pages[0].crc),
            -static_cast<int>(StatusCode::kClosed));
  EXPECT_EQ(test_->Quiesce().code(), StatusCode::kClosed);
  EXPECT_EQ(test_->Close(true).code(), StatusCode::kClosed);
  // The next store takes the same place in the table, under another number.
  ASSERT_TRUE(test_.OpenAndStart(TestStore::Crash("store_test", true)).ok());
  EXPECT_NE(test_->number(), stale);
  EXPECT_EQ(Store::ReadInline(stale, bytes.data(), 0, 16, pages[0].location.value, pages[0].crc),
            -static_cast<int>(StatusCode::kClosed));
}

// --- buffers -------------------------------------------------------------------------------------

TEST_F(StoreTest, UnalignedOperationsWaitForBuffersAndAllFinish) {
  // Each needs 200 pages of an arena of 256.
  AlignedBuffer memory(201 * kPageBytes);
  Random(20).Fill(memory.span());
  const auto bytes = memory.span().subspan(1, 200 * kPageBytes - 77);
  const std::vector<MappedPage> holes(200);
  std::vector<std::vector<MappedPage>> written;
  for (int i = 0; i < 12; ++i) {
    const uint32_t index = client().TakeSlot();
    client().FillWrite(client().slot(index), test_.store(), holes, 33, bytes);
    client().Submit(0, index, [&](OpSlot& slot) {
      ASSERT_EQ(slot.status, 0);
      written.push_back(StoreClient::PagesOf(slot));
    });
  }
  client().WaitForAll();
  ASSERT_EQ(written.size(), 12u);
  std::vector<std::vector<uint8_t>> back(12, std::vector<uint8_t>(bytes.size()));
  for (size_t i = 0; i < 12; ++i) {
    const uint32_t index = client().TakeSlot();
    client().FillRead(client().slot(index), test_.store(), written[i], 33, back[i]);
    client().Submit(0, index, [](OpSlot& slot) { ASSERT_EQ(slot.status, 0); });
  }
  client().WaitForAll();
  for (const auto& copy : back) EXPECT_TRUE(std::ranges::equal(copy, bytes));
}

TEST_F(StoreTest, AScatteredReadUsesManyIosAndGivesTheRightBytes) {
  std::vector<uint8_t> bytes;
  std::vector<MappedPage> pages = WritePages(256, 21, &bytes);
  std::vector<MappedPage> scattered;
  std::vector<uint8_t> expected;
  for (uint32_t i = 0; i < 256; ++i) {
    const uint32_t from = (i * 101) % 256;
    scattered.push_back(pages[from]);
    expected.insert(expected.end(), bytes.begin() + from * kPageBytes,
                    bytes.begin() + (from + 1) * kPageBytes);
  }
  // More I/Os than there are shared units, so that operations run short of them.
  std::vector<std::vector<uint8_t>> back(8, std::vector<uint8_t>(256 * kPageBytes));
  for (auto& into : back) {
    const uint32_t index = client().TakeSlot();
    client().FillRead(client().slot(index), test_.store(), scattered, 0, into);
    client().Submit(0, index, [](OpSlot& slot) { ASSERT_EQ(slot.status, 0); });
  }
  client().WaitForAll();
  for (const auto& into : back) EXPECT_EQ(into, expected);
}

}  // namespace
}  // namespace ashlar
