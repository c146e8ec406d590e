// Many threads at once. Run under TSan and ASan too.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cpp/testing/random.h"
#include "cpp/testing/test_fs.h"

namespace ashlar {
namespace {

OpenOptions Mode(OpenMode mode, FileKind kind = FileKind::kData) {
  OpenOptions options;
  options.mode = mode;
  options.kind = kind;
  return options;
}

struct Case {
  const char* name;
  bool memory;
  bool inline_reads;
};

class BlobFsThreadsTest : public ::testing::TestWithParam<Case> {
 protected:
  BlobFsThreadsTest() : fs_(NewDevice()) {}
  static std::shared_ptr<Device> NewDevice() {
    if (GetParam().memory) return TestFs::NewMemory(64 * kMiB);
    CrashDeviceOptions options;
    options.size_bytes = 64 * kMiB;
    options.inline_io = GetParam().inline_reads;
    return TestFs::NewCrashDevice(options);
  }
  void SetUp() override { ASSERT_TRUE(fs_.Format().ok()); }

  TestFs fs_;
};

INSTANTIATE_TEST_SUITE_P(Devices, BlobFsThreadsTest,
                         ::testing::Values(Case{"Memory", true, true}, Case{"Inline", false, true},
                                           Case{"Lane", false, false}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(BlobFsThreadsTest, ReadersSeeAllThatWasAppendedAndNothingElse) {
  for (const FileKind kind : {FileKind::kData, FileKind::kLog}) {
    const std::string name = kind == FileKind::kLog ? "/log" : "/data";
    const std::string content = Pattern(1, 3'000'000);
    auto writer = fs_.MustOpen(name, Mode(OpenMode::kCreateNew, kind));
    std::atomic<size_t> appended = 0;
    std::atomic<bool> done = false;
    std::vector<std::thread> threads;
    for (uint64_t reader = 0; reader < 2; ++reader) {
      threads.emplace_back([&, reader] {
        auto file = fs_.MustOpen(name, {});
        Random random(reader);
        std::string into(50'000, '\0');
        while (!done) {
          const size_t least = appended;
          const size_t offset = random.OneIn(2) ? random.Below(least + 1) : least - least / 16;
          const auto length =
              file->Read(offset, {reinterpret_cast<uint8_t*>(into.data()), into.size()});
          ASSERT_TRUE(length.ok()) << length.status().ToString();
          ASSERT_GE(length.value(), std::min(into.size(), least - offset));
          ASSERT_EQ(content.compare(offset, length.value(), into, 0, length.value()), 0);
        }
      });
    }
    threads.emplace_back([&] {
      while (!done) ASSERT_TRUE(writer->Sync().ok());
    });
    Random random(7);
    while (appended < content.size()) {
      const size_t length = std::min<size_t>(1 + random.Below(60'000), content.size() - appended);
      ASSERT_TRUE(writer->Append(AsBytes(content.substr(appended, length))).ok());
      appended += length;
    }
    done = true;
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(writer->Close().ok());
    EXPECT_TRUE(fs_.Get(name) == content);
  }
  ASSERT_TRUE(fs_.Close().ok());
  EXPECT_EQ(fs_.Check(), "");
}

TEST_P(BlobFsThreadsTest, ReadersOfALogSeeItsBytesWhileItBecomesAnOrdinaryFile) {
  const std::string content = Pattern(1, 300'000);
  for (int round = 0; round < 12; ++round) {
    ASSERT_TRUE(fs_.Put("/log", content, FileKind::kLog).ok());
    auto writer = fs_.MustOpen("/log", Mode(OpenMode::kWrite));
    std::atomic<int> reading = 0;
    std::atomic<bool> done = false;
    std::vector<std::thread> readers;
    for (uint64_t reader = 0; reader < 2; ++reader) {
      readers.emplace_back([&, reader] {
        auto file = fs_.MustOpen("/log", {});
        Random random(reader);
        std::string into(20'000, '\0');
        for (++reading; !done;) {
          const size_t offset = 1 + random.Below(content.size());
          const auto length =
              file->Read(offset, {reinterpret_cast<uint8_t*>(into.data()), into.size()});
          ASSERT_TRUE(length.ok()) << length.status().ToString();
          ASSERT_EQ(length.value(), std::min(into.size(), content.size() - offset));
          ASSERT_EQ(content.compare(offset, length.value(), into, 0, length.value()), 0);
        }
      });
    }
    while (reading < 2) std::this_thread::yield();
    EXPECT_TRUE(writer->WriteAt(0, AsBytes("\1")).ok());
    EXPECT_EQ(writer->kind(), FileKind::kData);
    done = true;
    for (std::thread& reader : readers) reader.join();
    ASSERT_FALSE(HasFailure()) << "round " << round;
    ASSERT_TRUE(writer->Close().ok());
    ASSERT_TRUE(fs_->Delete("/log").ok());
  }
}

TEST_P(BlobFsThreadsTest, AppendsOfTwoThreadsAreWhole) {
  auto file = fs_.MustOpen("/f", Mode(OpenMode::kCreateNew, FileKind::kLog));
  constexpr int kAppends = 400;
  constexpr size_t kLength = 1000;
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b'}) {
    threads.emplace_back([&, letter] {
      const std::string piece(kLength, letter);
      for (int i = 0; i < kAppends; ++i) {
        ASSERT_TRUE(file->Append(AsBytes(piece)).ok());
        if (i % 20 == 0) {
          ASSERT_TRUE(file->Sync().ok());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string content = ReadAll(*file);
  ASSERT_EQ(content.size(), 2 * kAppends * kLength);
  int count_of_a = 0;
  for (size_t at = 0; at < content.size(); at += kLength) {
    ASSERT_EQ(content.substr(at, kLength), std::string(kLength, content[at])) << at;
    count_of_a += content[at] == 'a';
  }
  EXPECT_EQ(count_of_a, kAppends);
}

TEST_P(BlobFsThreadsTest, FilesComeAndGoWhileOthersReadThem) {
  ASSERT_TRUE(fs_.Put("/0", Pattern(0, 10'000)).ok());
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (uint64_t reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&] {
      while (!done) {
        auto file = fs_->Open("/0", {});
        ASSERT_TRUE(file.ok()) << file.status().ToString();
        const std::string content = ReadAll(*file.value(), 3000);
        ASSERT_TRUE(content.size() == 10'000 || content.size() == 70'000) << content;
      }
    });
  }
  for (int round = 0; round < 60; ++round) {
    ASSERT_TRUE(fs_.Put("/next", Pattern(1, round % 2 == 0 ? 70'000 : 10'000)).ok());
    ASSERT_TRUE(fs_->Rename("/next", "/0").ok());
    ASSERT_TRUE(fs_.Put("/x", "x").ok());
    ASSERT_TRUE(fs_->Delete("/x").ok());
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(fs_.Close().ok());
  EXPECT_EQ(fs_.Check(), "");
}

// Clusters come free with every sync here, and are taken by another file at once.
TEST_P(BlobFsThreadsTest, ReadersOfOverwrittenBytesSeeTheOldOrTheNew) {
  constexpr size_t kSize = 4u << 16;
  ASSERT_TRUE(fs_.Put("/f", std::string(kSize, 'a')).ok());
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (uint64_t reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      auto file = fs_.MustOpen("/f", {});
      Random random(reader);
      std::string into(9000, '\0');
      while (!done) {
        const auto length = file->Read(random.Below(kSize - into.size()),
                                       {reinterpret_cast<uint8_t*>(into.data()), into.size()});
        ASSERT_TRUE(length.ok()) << length.status().ToString();
        ASSERT_EQ(length.value(), into.size());
        ASSERT_EQ(into.find_first_not_of("ab"), std::string::npos);
      }
    });
  }
  threads.emplace_back([&] {
    while (!done) {
      ASSERT_TRUE(fs_.Put("/other", std::string(kSize, 'z')).ok());
      ASSERT_TRUE(fs_->Delete("/other").ok());
    }
  });
  auto writer = fs_.MustOpen("/f", Mode(OpenMode::kWrite));
  Random random(9);
  for (int i = 0; i < 150; ++i) {
    const size_t length = 1 + random.Below(100'000);
    const std::string piece(length, random.OneIn(2) ? 'a' : 'b');
    ASSERT_TRUE(writer->WriteAt(random.Below(kSize - length), AsBytes(piece)).ok());
    if (random.OneIn(2)) {
      ASSERT_TRUE(writer->Sync().ok());
    }
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(writer->Close().ok());
  ASSERT_TRUE(fs_.Close().ok());
  EXPECT_EQ(fs_.Check(), "");
}

// One read in the calling thread can be held on its way to the device.
class HeldReadDevice final : public Device {
 public:
  explicit HeldReadDevice(std::shared_ptr<Device> device) : device_(std::move(device)) {}

  const DeviceInfo& info() const override { return device_->info(); }
  DeviceCounters counters() const override { return device_->counters(); }
  Result<std::unique_ptr<Channel>> OpenChannel() override { return device_->OpenChannel(); }
  bool SupportsInlineRead() const override { return true; }
  int ReadInline(uint64_t offset_bytes, void* data, uint32_t length_bytes) override {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      if (state_ == State::kHoldNext) {
        state_ = State::kHeld;
        changed_.notify_all();
        // Whoever would let it go may, rightly, wait for it.
        changed_.wait_for(lock, std::chrono::milliseconds(500),
                          [this] { return state_ == State::kPass; });
      }
    }
    return device_->ReadInline(offset_bytes, data, length_bytes);
  }

  void HoldNext() { Set(State::kHoldNext); }
  void AwaitHeld() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return state_ == State::kHeld; });
  }
  void LetGo() { Set(State::kPass); }

 private:
  enum class State { kPass, kHoldNext, kHeld };

  void Set(State state) {
    std::lock_guard<std::mutex> lock(mutex_);
    state_ = state;
    changed_.notify_all();
  }

  const std::shared_ptr<Device> device_;
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kPass;
};

// R3: the place of a cluster that has moved is not given away while somebody reads it.
TEST(BlobFsHeldReadTest, AReaderOfAPlaceThatMovedFindsWhatWasThere) {
  CrashDeviceOptions options;
  options.size_bytes = 16 * kMiB;
  options.inline_io = true;
  auto device = std::make_shared<HeldReadDevice>(TestFs::NewCrashDevice(options));
  TestFs fs(device);
  ASSERT_TRUE(fs.Format().ok());
  ASSERT_TRUE(fs.Put("/f", std::string(64 * kKiB, 'a')).ok());
  auto file = fs.MustOpen("/f", {});
  std::string into(kPageBytes, '\0');
  device->HoldNext();
  std::thread reader([&] {
    EXPECT_EQ(file->Read(0, {reinterpret_cast<uint8_t*>(into.data()), into.size()}).value(),
              into.size());
  });
  device->AwaitHeld();
  auto writer = fs.MustOpen("/f", Mode(OpenMode::kWrite));
  EXPECT_TRUE(writer->WriteAt(0, AsBytes(std::string(64 * kKiB, 'b'))).ok());
  EXPECT_TRUE(writer->Sync().ok());
  for (const char* name : {"/x", "/y", "/z"}) {
    EXPECT_TRUE(fs.Put(name, std::string(64 * kKiB, 'z')).ok());
  }
  device->LetGo();
  reader.join();
  EXPECT_EQ(into.find_first_not_of("ab"), std::string::npos) << into.substr(0, 8);
  EXPECT_TRUE(writer->Close().ok());
}

// R11: no buffer, file or device is used after Close has returned.
TEST_P(BlobFsThreadsTest, CloseInTheMiddleOfEverything) {
  ASSERT_TRUE(fs_.Put("/r", Pattern(3, 500'000)).ok());
  std::vector<std::thread> threads;
  std::atomic<int> ready = 0;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      auto file =
          fs_.MustOpen("/w" + std::to_string(i),
                       Mode(OpenMode::kCreateNew, i == 0 ? FileKind::kLog : FileKind::kData));
      const std::string piece = Pattern(4, 10'000);
      ++ready;
      Status status;
      while (status.ok()) {
        status = file->Append(AsBytes(piece));
        if (status.ok()) status = file->Sync();
      }
      // The device may have become full before.
      ASSERT_TRUE(status.code() == StatusCode::kClosed || status.code() == StatusCode::kOutOfSpace)
          << status.ToString();
    });
    threads.emplace_back([&] {
      auto file = fs_.MustOpen("/r", {});
      std::string into(20'000, '\0');
      ++ready;
      while (true) {
        const auto length =
            file->Read(100'000, {reinterpret_cast<uint8_t*>(into.data()), into.size()});
        if (length.ok()) continue;
        ASSERT_EQ(length.status().code(), StatusCode::kClosed) << length.status().ToString();
        return;
      }
    });
  }
  while (ready < 4) std::this_thread::yield();
  ASSERT_TRUE(fs_->Close().ok());
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(fs_.Open().ok());
  EXPECT_TRUE(fs_->report().was_clean);
  EXPECT_TRUE(fs_.Get("/r") == Pattern(3, 500'000));
  for (const char* name : {"/w0", "/w1"}) {
    const std::string content = fs_.Get(name);
    EXPECT_EQ(content.size() % 10'000, 0u) << content.substr(0, 100);
  }
}

}  // namespace
}  // namespace ashlar
