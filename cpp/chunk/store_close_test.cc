// The end of a store, whatever is going on (R11): operations in flight, writes that wait for space,
// inline reads on other threads, closing twice at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "ashlar/store.h"
#include "cpp/base/aligned_buffer.h"
#include "cpp/base/crc32c.h"
#include "cpp/testing/chunk_model.h"
#include "cpp/testing/temp_dir.h"
#include "cpp/testing/test_store.h"

namespace ashlar {
namespace {

TestStore::Options Reactors(uint32_t reactors) {
  TestStore::Options options;
  options.reactors = reactors;
  return options;
}

// Submits writes on all slots and does not wait; counts the outcomes by code.
void SubmitWrites(TestStore& test, uint32_t slots, uint32_t pages, std::span<const uint8_t> bytes,
                  std::vector<int>* outcomes) {
  const std::vector<MappedPage> holes(pages);
  outcomes->assign(16, 0);
  for (uint32_t i = 0; i < slots; ++i) {
    const uint32_t index = test.client().TakeSlot();
    test.client().FillWrite(test.client().slot(index), test.store(), holes, 0, bytes);
    test.client().Submit(i % test.runtime().reactors(), index, [outcomes](OpSlot& slot) {
      ++(*outcomes)[static_cast<size_t>(-slot.status)];
    });
  }
}

TEST(StoreCloseTest, OperationsInFlightEndBeforeTheStoreIsClosed) {
  for (const bool clean : {true, false}) {
    TempDir folder;
    TestStore test(Reactors(2));
    ASSERT_TRUE(test.OpenAndStart(TestStore::File(folder.Join("store"), 64 * kMiB)).ok());
    std::vector<int> outcomes;
    {
      AlignedBuffer bytes(64 * kPageBytes);
      SubmitWrites(test, 32, 64, bytes.span(), &outcomes);
      EXPECT_TRUE(test.Close(clean).ok());
      // The caller's memory may go as soon as Close has returned.
    }
    test.client().WaitForAll();
    const int ok = outcomes[0];
    const int closed = outcomes[static_cast<size_t>(StatusCode::kClosed)];
    EXPECT_EQ(ok + closed, 32);
  }
}

// --- reads on the driven reactor
// ------------------------------------------------------------------

// A store on a file, or a bdev, with some pages; skips where its channels cannot be shared.
class DrivenReadTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kPages = 64;

  void SetUp() override {
    const bool on_spdk = std::getenv("ASHLAR_TEST_BDEV") != nullptr;
    const auto options =
        on_spdk ? TestStore::Memory(64 * kMiB) : TestStore::File(folder_.Join("store"), 64 * kMiB);
    ASSERT_TRUE(test_.OpenAndStart(options).ok());
    ASSERT_TRUE(!on_spdk || test_->Numbers().driven_reads);
    if (!test_->Numbers().driven_reads) GTEST_SKIP() << "no io_uring here";
    SetUpPages();
  }

  void SetUpPages() {
    for (size_t i = 0; i < bytes_.size(); ++i) bytes_.data()[i] = static_cast<uint8_t>(i * 7 / 3);
    auto written =
        test_.client().Write(test_.store(), 0, std::vector<MappedPage>(kPages), 0, bytes_.span());
    ASSERT_TRUE(written.outcome.ok());
    pages_ = written.pages;
  }

  uint32_t driven() { return test_.runtime().reactors(); }

  void SubmitRead(uint32_t page, std::vector<int>* outcomes) {
    const uint32_t index = test_.client().TakeSlot();
    const std::span<const MappedPage> one(&pages_[page], 1);
    test_.client().FillRead(test_.client().slot(index), test_.store(), one, 0,
                            into_.span().subspan(page * kPageBytes, kPageBytes));
    test_.client().Submit(driven(), index, [outcomes](OpSlot& slot) {
      ++(*outcomes)[static_cast<size_t>(-slot.status)];
    });
  }

  TempDir folder_;
  TestStore test_{Reactors(2)};
  AlignedBuffer bytes_{kPages * kPageBytes};
  AlignedBuffer into_{kPages * kPageBytes};
  std::vector<MappedPage> pages_;
};

TEST_F(DrivenReadTest, GivesTheRightBytesOfAnyPartAndVerifiesThem) {
  AlignedBuffer part(3 * kPageBytes);
  for (const uint32_t head : {0u, 1u, 511u, 4095u}) {
    for (const uint32_t length : {1u, 4096u, 8192u}) {
      const uint32_t touched = (head + length + kPageBytes - 1) / kPageBytes;
      const std::span<const MappedPage> pages(pages_.data() + 5, touched);
      const std::span<uint8_t> into = part.span().subspan(0, length);
      ASSERT_TRUE(test_.client().Read(test_.store(), driven(), pages, head, into).ok());
      const auto expected = bytes_.span().subspan(5 * kPageBytes + head, length);
      EXPECT_TRUE(std::equal(into.begin(), into.end(), expected.begin())) << head << " " << length;
    }
  }
  MappedPage wrong = pages_[9];
  wrong.crc ^= 1;
  const OpOutcome outcome = test_.client().Read(test_.store(), driven(), std::span(&wrong, 1), 0,
                                                part.span().subspan(0, kPageBytes));
  EXPECT_EQ(outcome.code, StatusCode::kChecksumMismatch);
  EXPECT_EQ(outcome.failed_location, wrong.location);
}

TEST_F(DrivenReadTest, AWriteThereIsRefused) {
  auto written = test_.client().Write(test_.store(), driven(), std::vector<MappedPage>(1), 0,
                                      bytes_.span().subspan(0, kPageBytes));
  EXPECT_EQ(written.outcome.code, StatusCode::kReadOnly);
}

// Whoever drives may be busy with something else for ever.
TEST_F(DrivenReadTest, CloseEndsReadsInFlightThoughNobodyDrives) {
  for (const bool clean : {false, true}) {
    if (clean) {
      StoreOpenOptions again = TestStore::File(folder_.Join("again"), 64 * kMiB);
      ASSERT_TRUE(test_.OpenAndStart(again).ok());
      SetUpPages();
    }
    std::vector<int> outcomes(16);
    for (uint32_t page = 0; page < 16; ++page) SubmitRead(page, &outcomes);
    test_.runtime().Turn();                                                   // these are in flight
    for (uint32_t page = 16; page < 32; ++page) SubmitRead(page, &outcomes);  // these are not
    EXPECT_TRUE(test_.Close(clean).ok());
    test_.client().WaitForAll();
    EXPECT_EQ(outcomes[0], 16);
    EXPECT_EQ(outcomes[static_cast<size_t>(StatusCode::kClosed)], 16);
    EXPECT_EQ(into_.data()[15 * kPageBytes + 1], bytes_.data()[15 * kPageBytes + 1]);
  }
}

// --- writes
// ---------------------------------------------------------------------------------------

TEST(StoreCloseTest, WritesThatWaitForSpaceEnd) {
  TestStore test(Reactors(2));
  ASSERT_TRUE(test.OpenAndStart(TestStore::Memory(16 * kMiB)).ok());
  AlignedBuffer bytes(256 * kPageBytes);
  std::vector<int> outcomes;
  SubmitWrites(test, 32, 256, bytes.span(), &outcomes);  // twice what there is
  EXPECT_TRUE(test.Close(true).ok());
  test.client().WaitForAll();
  const int ok = outcomes[0];
  const int closed = outcomes[static_cast<size_t>(StatusCode::kClosed)];
  const int out_of_space = outcomes[static_cast<size_t>(StatusCode::kOutOfSpace)];
  EXPECT_EQ(ok + closed + out_of_space, 32);
}

TEST(StoreCloseTest, OfTwoThreadsThatCloseOneDoesAndOneIsTold) {
  for (int i = 0; i < 20; ++i) {
    TestStore test(Reactors(1));
    ASSERT_TRUE(test.OpenAndStart(TestStore::Memory(16 * kMiB)).ok());
    std::atomic<int> closed{0};
    std::atomic<int> told{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        const Status status = test->Close(true);
        if (status.ok()) ++closed;
        if (status.code() == StatusCode::kClosed) ++told;
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(closed, 1);
    EXPECT_EQ(told, 1);
  }
}

TEST(StoreCloseTest, TheRuntimeClosesWhatIsStillOpen) {
  TempDir folder;
  StoreOpenOptions options = TestStore::File(folder.Join("store"), 16 * kMiB);
  {
    TestStore test(Reactors(1));
    ASSERT_TRUE(test.OpenAndStart(options).ok());
  }
  options.format = false;
  options.device.create = false;
  TestStore test(Reactors(1));
  const Status status = test.Open(options);
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_FALSE(test->Numbers().was_clean);
}

// --- inline reads
// ----------------------------------------------------------------------------------

// Threads that read pages of the store inline until they are stopped.
class InlineReaders {
 public:
  InlineReaders(uint64_t store_number, std::vector<MappedPage> pages, int threads)
      : pages_(std::move(pages)) {
    for (int t = 0; t < threads; ++t) {
      threads_.emplace_back([this, store_number, t] { Run(store_number, t); });
    }
  }
  ~InlineReaders() { Stop(); }
  void Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  uint64_t good() const { return good_; }
  uint64_t bad() const { return bad_; }
  uint64_t closed() const { return closed_; }

 private:
  void Run(uint64_t store_number, int seed) {
    Random random(static_cast<uint64_t>(seed));
    AlignedBuffer buffer(kPageBytes);
    while (!stop_) {
      const MappedPage& page = pages_[random.Below(pages_.size())];
      const int result = Store::ReadInline(store_number, buffer.data(), 0, kPageBytes,
                                           page.location.value, page.crc);
      if (result == -static_cast<int>(StatusCode::kClosed)) {
        ++closed_;
      } else if (result != 0 || Crc32c(buffer.data(), kPageBytes) != page.crc) {
        ++bad_;
      } else {
        ++good_;
      }
    }
  }

  const std::vector<MappedPage> pages_;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> good_{0};
  std::atomic<uint64_t> bad_{0};
  std::atomic<uint64_t> closed_{0};
  std::vector<std::thread> threads_;
};

TEST(InlineReadTest, ReadsGoOnWhileBlobsComeAndGoAndEndWithClose) {
  TestStore test(Reactors(2));
  StoreOpenOptions options = TestStore::Memory(64 * kMiB);
  options.format_options.cluster_bytes = 64 << 10;
  ASSERT_TRUE(test.OpenAndStart(options).ok());
  std::vector<uint8_t> bytes(32 * kPageBytes);
  Random(1).Fill(bytes);
  auto written = test.client().Write(test.store(), 0, std::vector<MappedPage>(32), 0, bytes);
  ASSERT_TRUE(written.outcome.ok());
  InlineReaders readers(test->number(), written.pages, 2);

  // Fill and empty, so that blobs are made and deleted under the readers.
  std::vector<uint8_t> large(256 * kPageBytes, 3);
  for (int round = 0; round < 3; ++round) {
    std::vector<std::vector<MappedPage>> all;
    for (uint32_t i = 0; i < 40; ++i) {
      auto more = test.client().Write(test.store(), i % 2, std::vector<MappedPage>(256), 0, large);
      ASSERT_TRUE(more.outcome.ok());
      all.push_back(more.pages);
    }
    for (const auto& pages : all) {
      ASSERT_TRUE(test.client().FreePages(test.store(), round % 2, pages).ok());
    }
  }
  while (readers.good() < 1000) std::this_thread::yield();
  ASSERT_TRUE(test.Close(true).ok());
  while (readers.closed() < 1000) std::this_thread::yield();
  readers.Stop();
  EXPECT_EQ(readers.bad(), 0u);
}

class InlineReadDeviceTest : public ::testing::TestWithParam<bool> {};

TEST_P(InlineReadDeviceTest, GivesEveryPartOfAPageAndVerifiesAllOfIt) {
  const bool file = GetParam();
  TempDir folder;
  TestStore test(Reactors(1));
  ASSERT_TRUE(test.OpenAndStart(file ? TestStore::File(folder.Join("store"), 16 * kMiB)
                                     : TestStore::Memory(16 * kMiB))
                  .ok());
  ASSERT_TRUE(test->Numbers().inline_read);
  std::vector<uint8_t> bytes(4 * kPageBytes);
  Random(2).Fill(bytes);
  auto written = test.client().Write(test.store(), 0, std::vector<MappedPage>(4), 0, bytes);
  ASSERT_TRUE(written.outcome.ok());
  const uint64_t number = test->number();
  Random random(3);
  AlignedBuffer buffer(2 * kPageBytes);
  for (int i = 0; i < 500; ++i) {
    const uint64_t page = random.Below(4);
    const auto offset = static_cast<uint32_t>(random.OneIn(3) ? 0 : random.Below(kPageBytes));
    const auto length = static_cast<uint32_t>(
        random.OneIn(3) ? kPageBytes - offset : 1 + random.Below(kPageBytes - offset));
    uint8_t* into = buffer.data() + (random.OneIn(2) ? 0 : random.Below(kPageBytes));
    const MappedPage& mapped = written.pages[page];
    ASSERT_EQ(Store::ReadInline(number, into, offset, length, mapped.location.value, mapped.crc),
              0);
    ASSERT_TRUE(std::equal(into, into + length, bytes.data() + page * kPageBytes + offset));
    ASSERT_EQ(
        Store::ReadInline(number, into, offset, length, mapped.location.value, mapped.crc + 1),
        -static_cast<int>(StatusCode::kChecksumMismatch));
  }
  const MappedPage& mapped = written.pages[0];
  for (const auto& [offset, length] : std::vector<std::pair<uint32_t, uint32_t>>{
           {0, 0}, {0, 4097}, {4096, 1}, {1, 4096}, {0xffffffff, 2}, {0, 0xffffffff}}) {
    EXPECT_EQ(
        Store::ReadInline(number, buffer.data(), offset, length, mapped.location.value, mapped.crc),
        -static_cast<int>(StatusCode::kInvalidArgument));
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, InlineReadDeviceTest, ::testing::Bool(),
                         [](const auto& param_info) {
                           return param_info.param ? "File" : "Memory";
                         });

}  // namespace
}  // namespace ashlar
