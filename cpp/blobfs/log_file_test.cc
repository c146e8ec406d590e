// Rule R8: logs after power cuts, with stale units below them, and with damage.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "cpp/blobfs/log_format.h"
#include "cpp/runtime/runtime.h"
#include "cpp/testing/random.h"
#include "cpp/testing/test_fs.h"

namespace ashlar {
namespace {

class LogFileTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  // Not started and stopped with each of many file systems.
  LogFileTest() : runtime_(Runtime::Acquire({}).value()) {}

  CrashDeviceOptions DeviceOptions() const {
    CrashDeviceOptions options;
    options.size_bytes = 8 * kMiB;
    options.sector_bytes = GetParam();
    return options;
  }
  static OpenOptions NewLog() {
    OpenOptions options;
    options.mode = OpenMode::kCreateNew;
    options.kind = FileKind::kLog;
    return options;
  }
  static OpenOptions Write() {
    OpenOptions options;
    options.mode = OpenMode::kWrite;
    return options;
  }

  // Clusters full of units that a log has left behind.
  static void LeaveStaleUnits(TestFs& fs) {
    ASSERT_TRUE(fs.Put("/old", Pattern(99, 4 * kMiB), FileKind::kLog).ok());
    ASSERT_TRUE(fs->Delete("/old").ok());
  }

  std::shared_ptr<Runtime> runtime_;
};

INSTANTIATE_TEST_SUITE_P(Sectors, LogFileTest, ::testing::Values(512u, 4096u),
                         [](const auto& test) { return "Sector" + std::to_string(test.param); });

TEST_P(LogFileTest, ASyncIsOneWriteAndOneFlush) {
  std::atomic<int> writes = 0;
  std::atomic<int> flushes = 0;
  TestFs fs(TestFs::NewCrashDevice(DeviceOptions()), [&](const IoRequest& request) {
    if (request.op == IoRequest::Op::kWrite) ++writes;
    if (request.op == IoRequest::Op::kFlush) ++flushes;
  });
  ASSERT_TRUE(fs.Format({}, 1u << 20).ok());
  OpenOptions options = NewLog();
  options.preallocate_bytes = 2 * kMiB;
  auto log = fs.MustOpen("/log", options);
  std::string expected;
  for (const size_t length : {1, 100, 379, 480, 481, 4064, 5000, 30, 200'000, 7, 500'000, 1}) {
    const std::string piece = Pattern(length, length);
    writes = flushes = 0;
    ASSERT_TRUE(log->Append(AsBytes(piece.substr(0, length / 2))).ok());
    ASSERT_TRUE(log->Append(AsBytes(piece.substr(length / 2))).ok());
    EXPECT_EQ(writes, 0);
    ASSERT_TRUE(log->Sync().ok());
    EXPECT_EQ(writes, 1) << length;
    EXPECT_EQ(flushes, 1) << length;
    ASSERT_TRUE(log->Sync().ok());
    EXPECT_EQ(flushes, 1) << "nothing new";
    expected += piece;
  }
  EXPECT_TRUE(ReadAll(*log) == expected);
}

// As a page cache in front of it does, with whole pages.
TEST_P(LogFileTest, WritingTheLastPageAgainReadsNothing) {
  std::atomic<int> reads = 0;
  TestFs fs(TestFs::NewCrashDevice(DeviceOptions()), [&](const IoRequest& request) {
    if (request.op == IoRequest::Op::kRead) ++reads;
  });
  ASSERT_TRUE(fs.Format({}, 1u << 20).ok());
  auto log = fs.MustOpen("/log", NewLog());
  const std::string content = Pattern(1, 50'000);
  for (uint64_t end = 130; end < content.size(); end += 130) {
    const uint64_t page = RoundDown(end - 130, kPageBytes);
    reads = 0;
    ASSERT_TRUE(log->WriteAt(page, AsBytes(content.substr(page, end - page))).ok());
    EXPECT_EQ(reads, 0) << end;
    ASSERT_TRUE(log->Sync().ok());
  }
  EXPECT_EQ(log->kind(), FileKind::kLog);
  EXPECT_TRUE(content.starts_with(ReadAll(*log)));
}

TEST_P(LogFileTest, WhatWasCutOffIsNotThereWhenItIsWrittenAgain) {
  TestFs fs(TestFs::NewCrashDevice(DeviceOptions()));
  ASSERT_TRUE(fs.Format({}, 1u << 20).ok());
  auto log = fs.MustOpen("/log", NewLog());
  ASSERT_TRUE(log->WriteAt(0, AsBytes("abcdef")).ok());
  ASSERT_TRUE(log->Truncate(3).ok());
  ASSERT_TRUE(log->Append(AsBytes("xyz")).ok());
  ASSERT_TRUE(log->WriteAt(0, AsBytes("abcdef")).ok());
  EXPECT_EQ(ReadAll(*log), "abcdef");
  ASSERT_TRUE(log->Close().ok());
  EXPECT_EQ(fs.Get("/log"), "abcdef");
}

// Data and the shadow of the root page, if the device needs one, flush; root page, flush.
TEST_P(LogFileTest, ASyncOfAnyOtherFileIsTwoFlushes) {
  std::string operations;
  TestFs fs(TestFs::NewCrashDevice(DeviceOptions()), [&](const IoRequest& request) {
    if (request.op == IoRequest::Op::kWrite) operations += 'w';
    if (request.op == IoRequest::Op::kFlush) operations += 'f';
  });
  ASSERT_TRUE(fs.Format({}, 1u << 20).ok());
  OpenOptions options;
  options.mode = OpenMode::kCreateNew;
  auto file = fs.MustOpen("/f", options);
  for (const size_t length : {1, 100, 4096, 50'000, 7}) {
    ASSERT_TRUE(file->Append(AsBytes(Pattern(length, length))).ok());
    operations.clear();
    ASSERT_TRUE(file->Sync().ok());
    EXPECT_EQ(operations, GetParam() == 4096 ? "wfwf" : "wwfwf") << length;
    operations.clear();
    ASSERT_TRUE(file->Sync().ok());
    EXPECT_EQ(operations, "") << "nothing new";
  }
}

// One life of a log after the other, each ended by a power cut: whatever was synced is there, and
// nothing else than what was appended.
TEST_P(LogFileTest, SurvivesChainsOfPowerCuts) {
  const uint64_t seed = TestSeed(GetParam());
  SCOPED_TRACE("ASHLAR_SEED=" + std::to_string(seed));
  Random random(seed);
  for (int chain = 0; chain < 12; ++chain) {
    auto device = TestFs::NewCrashDevice(DeviceOptions());
    {
      TestFs fs(device);
      ASSERT_TRUE(fs.Format().ok());
      LeaveStaleUnits(fs);
      ASSERT_TRUE(fs.MustOpen("/log", NewLog())->Close().ok());
    }
    std::string content;
    for (int life = 0; life < 12; ++life) {
      struct Synced {
        size_t position;
        size_t length;
      };
      std::vector<Synced> synced = {{device->log_position(), content.size()}};
      std::string appended = content;
      TestFs fs(device);
      const Status opened = fs.Open();
      ASSERT_TRUE(opened.ok()) << opened.ToString();
      ASSERT_TRUE(fs.Get("/log") == content);
      auto log = fs.MustOpen("/log", Write());
      const uint64_t cut_to = random.OneIn(3) ? random.Below(content.size() + 1) : content.size();
      if (cut_to < content.size()) {
        // Only power cuts after it: the other tests cut the power within.
        ASSERT_TRUE(log->Truncate(cut_to).ok());
        appended.resize(cut_to);
        synced = {{device->log_position(), cut_to}};
      }
      for (uint64_t syncs = 1 + random.Below(6); syncs > 0; --syncs) {
        for (uint64_t appends = random.Below(4); appends > 0; --appends) {
          const size_t length = random.OneIn(4) ? random.Below(20'000) : random.Below(700);
          const std::string piece = Pattern(random.Next(), length);
          ASSERT_TRUE(log->Append(AsBytes(piece)).ok());
          appended += piece;
        }
        if (syncs == 1 && random.OneIn(2)) break;
        ASSERT_TRUE(log->Sync().ok());
        synced.push_back({device->log_position(), appended.size()});
      }
      if (random.OneIn(4)) {
        ASSERT_TRUE(log->Close().ok());
        synced.push_back({device->log_position(), appended.size()});
      }
      fs.Crash();
      log.reset();
      const size_t from = synced.front().position;
      const size_t position = from + random.Below(device->log_position() - from + 1);
      device = TestFs::NewCrashDevice(DeviceOptions(), device->CrashImage(position, random.Next()));
      size_t least = 0;
      for (const Synced& sync : synced) {
        if (sync.position <= position) least = sync.length;
      }
      TestFs after(device);
      ASSERT_TRUE(after.Open().ok());
      content = after.Get("/log");
      ASSERT_GE(content.size(), least) << "chain " << chain << " life " << life << ": " << content;
      ASSERT_TRUE(content == appended.substr(0, content.size())) << "chain " << chain;
      after.Crash();
      ASSERT_EQ(after.Check(), "");
    }
  }
}

TEST_P(LogFileTest, UnsyncedBytesOfACutLogNeverComeBack) {
  auto device = TestFs::NewCrashDevice(DeviceOptions());
  TestFs fs(device);
  ASSERT_TRUE(fs.Format().ok());
  auto log = fs.MustOpen("/log", NewLog());
  ASSERT_TRUE(log->Append(AsBytes(Pattern(1, 100'000))).ok());
  ASSERT_TRUE(log->Sync().ok());
  const size_t before_cut = device->log_position();
  ASSERT_TRUE(log->Truncate(50'000).ok());
  const size_t cut = device->log_position();
  ASSERT_TRUE(log->Append(AsBytes("x")).ok());
  ASSERT_TRUE(log->Sync().ok());
  const std::string whole = Pattern(1, 100'000);
  for (size_t position = before_cut; position <= device->log_position(); ++position) {
    TestFs after(TestFs::NewCrashDevice(DeviceOptions(), device->CrashImage(position, position)));
    ASSERT_TRUE(after.Open().ok());
    const std::string content = after.Get("/log");
    if (content.size() == 50'001) {
      EXPECT_TRUE(content == whole.substr(0, 50'000) + "x");
    } else if (position < cut && content.size() == 100'000) {
      EXPECT_TRUE(content == whole);
    } else {
      EXPECT_TRUE(content == whole.substr(0, 50'000)) << content.size() << " at " << position;
    }
  }
}

class DamagedLogTest : public LogFileTest {
 protected:
  // A log of three syncs, as a power cut leaves it, on a device of its own.
  void SetUp() override {
    auto device = TestFs::NewCrashDevice(DeviceOptions());
    TestFs fs(device);
    ASSERT_TRUE(fs.Format().ok());
    LeaveStaleUnits(fs);
    auto log = fs.MustOpen("/log", NewLog());
    for (const size_t length : {10'000, 20'000, 5'000}) {
      const std::string piece = Pattern(length, length);
      ASSERT_TRUE(log->Append(AsBytes(piece)).ok());
      ASSERT_TRUE(log->Sync().ok());
      content_ += piece;
    }
    fs.Crash();
    image_.emplace(device->FullImage(device->log_position()));
    const Framing framing = LogFraming(GetParam());
    units_ = DivideRoundUp(content_.size(), framing.payload_bytes);
    // The log begins where its first bytes are.
    std::vector<uint8_t> page(kPageBytes);
    for (uint64_t at = 0; at < image_->size_bytes() && first_unit_at_ == 0; at += kPageBytes) {
      image_->Read(at, page);
      if (std::equal(content_.begin(), content_.begin() + 480, page.begin(),
                     [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; })) {
        first_unit_at_ = at;
      }
    }
    ASSERT_NE(first_unit_at_, 0u);
  }

  uint64_t At(uint64_t unit) const { return first_unit_at_ + unit * GetParam(); }

  // What reading the log from the image gives.
  std::string Read(const DiskImage& image) {
    TestFs fs(TestFs::NewCrashDevice(DeviceOptions(), image));
    EXPECT_TRUE(fs.Open().ok());
    return fs.Get("/log");
  }

  std::string content_;
  std::optional<DiskImage> image_;
  uint64_t first_unit_at_ = 0;
  uint64_t units_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Sectors, DamagedLogTest, ::testing::Values(512u, 4096u),
                         [](const auto& test) { return "Sector" + std::to_string(test.param); });

TEST_P(DamagedLogTest, AFlippedBitIsNeverAShorterLog) {
  ASSERT_TRUE(Read(*image_) == content_);
  Random random(TestSeed(5));
  for (uint64_t unit = 0; unit < units_; ++unit) {
    DiskImage image = *image_;
    std::vector<uint8_t> bytes(GetParam());
    image.Read(At(unit), bytes);
    // Not within the id: then the unit is no longer one of the log's.
    bytes[random.Below(GetParam() - kLogTrailerBytes)] ^=
        static_cast<uint8_t>(1u << random.Below(8));
    image.Write(At(unit), bytes);
    ASSERT_EQ(Read(image).substr(0, 17), "<corrupt metadata") << unit;
  }
}

TEST_P(DamagedLogTest, AMissingUnitBelowTheLastSyncIsDamage) {
  const Framing framing = LogFraming(GetParam());
  for (uint64_t unit = 0; unit < units_; ++unit) {
    DiskImage image = *image_;
    const std::vector<uint8_t> garbage(GetParam(), 0xdb);
    image.Write(At(unit), garbage);
    const std::string read = Read(image);
    if ((unit + 1) * framing.payload_bytes <= 30'000) {
      ASSERT_EQ(read.substr(0, 17), "<corrupt metadata") << unit;
    } else {
      // A power cut during the last sync could have left this.
      ASSERT_TRUE(read == content_.substr(0, unit * framing.payload_bytes) ||
                  read.substr(0, 17) == "<corrupt metadata")
          << unit << " " << read.substr(0, 100);
    }
  }
}

TEST_P(DamagedLogTest, WhatIsBeforeTheDamageCanBeRead) {
  DiskImage image = *image_;
  const std::vector<uint8_t> garbage(GetParam(), 0xdb);
  image.Write(At(3), garbage);
  TestFs fs(TestFs::NewCrashDevice(DeviceOptions(), image));
  ASSERT_TRUE(fs.Open().ok());
  EXPECT_GE(fs->Stat("/log").value().size_bytes, 30'000u);
  auto log = fs.MustOpen("/log", {});
  const size_t whole = 3 * LogFraming(GetParam()).payload_bytes;
  std::string into(whole, '\0');
  ASSERT_EQ(log->Read(0, {reinterpret_cast<uint8_t*>(into.data()), whole}).value(), whole);
  EXPECT_TRUE(into == content_.substr(0, whole));
  uint8_t byte = 0;
  EXPECT_EQ(log->Read(whole, {&byte, 1}).status().code(), StatusCode::kCorrupt);
  auto writer = fs.MustOpen("/log", Write());
  EXPECT_EQ(writer->Append(AsBytes("x")).code(), StatusCode::kCorrupt);
  EXPECT_TRUE(fs->Delete("/log").ok());
}

TEST_P(DamagedLogTest, AClosedLogThatLostItsEndIsDamage) {
  TestFs fs(TestFs::NewCrashDevice(DeviceOptions(), *image_));
  ASSERT_TRUE(fs.Open().ok());
  auto log = fs.MustOpen("/log", Write());
  ASSERT_TRUE(log->Append(AsBytes("end")).ok());
  ASSERT_TRUE(log->Close().ok());
  fs.Crash();
  EXPECT_EQ(fs.Check(), "");
  const std::vector<uint8_t> garbage(GetParam(), 0xdb);
  auto& device = static_cast<CrashDevice&>(fs.device());
  DiskImage image = device.FullImage(device.log_position());
  ASSERT_TRUE(Read(image) == content_ + "end");
  image.Write(At(units_ - 1), garbage);
  EXPECT_EQ(Read(image).substr(0, 17), "<corrupt metadata");
}

}  // namespace
}  // namespace ashlar
