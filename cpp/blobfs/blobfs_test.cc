// What blobfs.h and file.h promise, tried on devices that are read in every way there is.
#include "cpp/blobfs/blobfs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/blobfs/fs_volume.h"
#include "cpp/testing/sync_io.h"
#include "cpp/testing/test_fs.h"

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Case {
  const char* name;
  uint32_t sector_bytes;
  bool memory;        // a memory device: read where it is
  bool inline_reads;  // else through a lane
};

const Case kCases[] = {
    {"Memory", 4096, true, true},      {"Inline512", 512, false, true},
    {"Inline4096", 4096, false, true}, {"Lane512", 512, false, false},
    {"Lane4096", 4096, false, false},
};

class BlobFsTest : public ::testing::TestWithParam<Case> {
 protected:
  BlobFsTest() : fs_(NewDevice()) {}

  static std::shared_ptr<Device> NewDevice() {
    if (GetParam().memory) return TestFs::NewMemory(48 * kMiB, GetParam().sector_bytes);
    CrashDeviceOptions options;
    options.size_bytes = 48 * kMiB;
    options.sector_bytes = GetParam().sector_bytes;
    options.inline_io = GetParam().inline_reads;
    return TestFs::NewCrashDevice(options);
  }

  void SetUp() override {
    const Status status = fs_.Format();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  // Every test leaves a device in good order.
  void TearDown() override {
    if (!closed_) {
      EXPECT_TRUE(fs_.Close().ok());
    }
    EXPECT_EQ(fs_.Check(), "");
  }

  void Reopen() {
    const Status closed = fs_.Close();
    ASSERT_TRUE(closed.ok()) << closed.ToString();
    EXPECT_EQ(fs_.Check(), "");
    const Status opened = fs_.Open();
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    EXPECT_TRUE(fs_->report().was_clean);
    EXPECT_THAT(fs_->report().damage, IsEmpty());
    EXPECT_EQ(fs_->report().removed, 0u);
  }

  static OpenOptions New(FileKind kind = FileKind::kData) {
    OpenOptions options;
    options.mode = OpenMode::kCreateNew;
    options.kind = kind;
    return options;
  }
  static OpenOptions Mode(OpenMode mode) {
    OpenOptions options;
    options.mode = mode;
    return options;
  }

  TestFs fs_;
  bool closed_ = false;
};

INSTANTIATE_TEST_SUITE_P(Devices, BlobFsTest, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(BlobFsTest, AppendedBytesAreReadAtOnceAndAfterEachKindOfClose) {
  for (const FileKind kind : {FileKind::kData, FileKind::kLog}) {
    const std::string name = kind == FileKind::kLog ? "/log" : "/data";
    std::string expected;
    auto file = fs_.MustOpen(name, New(kind));
    for (const size_t length :
         {1, 31, 479, 480, 481, 4096, 5000, 70'000, 1'500'000, 3, 2'200'000}) {
      const std::string piece = Pattern(length, length);
      ASSERT_TRUE(file->Append(AsBytes(piece)).ok());
      expected += piece;
      ASSERT_EQ(file->size_bytes(), expected.size());
    }
    EXPECT_TRUE(ReadAll(*file) == expected) << "while it is buffered";
    EXPECT_TRUE(ReadAll(*file, 777) == expected) << "in small pieces";
    ASSERT_TRUE(file->Sync().ok());
    EXPECT_TRUE(ReadAll(*file, 12'345) == expected) << "when it is synced";
    ASSERT_TRUE(file->Append(AsBytes("more")).ok());
    expected += "more";
    EXPECT_TRUE(ReadAll(*file) == expected) << "and appended to again";
    ASSERT_TRUE(file->Close().ok());
    EXPECT_TRUE(fs_.Get(name) == expected) << "when it is closed";
    Reopen();
    EXPECT_TRUE(fs_.Get(name) == expected) << "after reopening";
    file = fs_.MustOpen(name, Mode(OpenMode::kWrite));
    ASSERT_TRUE(file->Append(AsBytes("and more")).ok());
    expected += "and more";
    EXPECT_TRUE(ReadAll(*file) == expected);
    file.reset();
    Reopen();
    EXPECT_TRUE(fs_.Get(name) == expected);
  }
}

TEST_P(BlobFsTest, ReadsEndAtTheEnd) {
  auto file = fs_.MustOpen("/f", New());
  std::vector<uint8_t> into(100, 0xee);
  EXPECT_EQ(file->Read(0, into).value(), 0u);
  ASSERT_TRUE(file->Append(AsBytes("0123456789")).ok());
  for (const bool synced : {false, true}) {
    if (synced) {
      ASSERT_TRUE(file->Sync().ok());
    }
    EXPECT_EQ(file->Read(0, into).value(), 10u);
    EXPECT_EQ(file->Read(9, into).value(), 1u);
    EXPECT_EQ(file->Read(10, into).value(), 0u);
    EXPECT_EQ(file->Read(UINT64_MAX - 5, into).value(), 0u);
    EXPECT_EQ(file->Read(3, std::span(into).first(2)).value(), 2u);
    EXPECT_EQ(into[0], '3');
    EXPECT_EQ(into[2], '2') << "left from the read before: not touched";
    EXPECT_EQ(file->Read(3, {}).value(), 0u);
  }
}

TEST_P(BlobFsTest, ReadManyAnswersEachRead) {
  const std::string content = Pattern(1, 900'000);
  ASSERT_TRUE(fs_.Put("/f", content).ok());
  auto file = fs_.MustOpen("/f", Mode(OpenMode::kWrite));
  ASSERT_TRUE(file->Append(AsBytes("tail")).ok());
  const std::string all = content + "tail";
  std::vector<std::string> into;
  for (const size_t length : {10, 4096, 5000, 200'000, 100, 50, 0}) into.emplace_back(length, '\0');
  const uint64_t offsets[] = {0, 4096, 65'530, 300'000, 899'950, 2'000'000, 5};
  std::vector<FileRead> reads;
  for (size_t i = 0; i < into.size(); ++i) {
    reads.push_back({offsets[i],
                     {reinterpret_cast<uint8_t*>(into[i].data()), into[i].size()},
                     Status::IoError("not answered"),
                     99});
  }
  file->ReadMany(reads);
  for (size_t i = 0; i < reads.size(); ++i) {
    ASSERT_TRUE(reads[i].status.ok()) << reads[i].status.ToString();
    const std::string expected =
        offsets[i] < all.size() ? all.substr(offsets[i], into[i].size()) : "";
    EXPECT_EQ(reads[i].length_bytes, expected.size()) << i;
    EXPECT_TRUE(into[i].substr(0, reads[i].length_bytes) == expected) << i;
  }
}

TEST_P(BlobFsTest, ReadAheadGivesTheSameBytes) {
  const std::string content = Pattern(2, 700'001);
  ASSERT_TRUE(fs_.Put("/f", content).ok());
  OpenOptions options;
  options.read_ahead_bytes = 256 << 10;
  auto file = fs_.MustOpen("/f", options);
  EXPECT_TRUE(ReadAll(*file, 1000) == content);
  EXPECT_TRUE(ReadAll(*file, 65'536) == content);
  std::string piece(5000, '\0');
  for (const uint64_t offset : {600'000, 10, 5010, 10'010, 699'000, 0}) {
    const size_t length =
        file->Read(offset, {reinterpret_cast<uint8_t*>(piece.data()), piece.size()}).value();
    EXPECT_TRUE(piece.substr(0, length) == content.substr(offset, piece.size())) << offset;
  }
  options.read_ahead_bytes = (4u << 20) + 1;
  EXPECT_EQ(fs_->Open("/f", options).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(BlobFsTest, ReadAheadForgetsWhatWasCut) {
  ASSERT_TRUE(fs_.Put("/f", std::string(10'000, 'a')).ok());
  OpenOptions options;
  options.read_ahead_bytes = 256 << 10;
  auto reader = fs_.MustOpen("/f", options);
  std::vector<uint8_t> into(10);
  ASSERT_EQ(reader->Read(0, into).value(), 10u);
  auto writer = fs_.MustOpen("/f", Mode(OpenMode::kWrite));
  ASSERT_TRUE(writer->Truncate(5).ok());
  EXPECT_EQ(reader->Read(10, into).value(), 0u);
  ASSERT_TRUE(writer->Append(AsBytes(std::string(100, 'b'))).ok());
  ASSERT_EQ(reader->Read(10, into).value(), 10u);
  EXPECT_EQ(into[0], 'b');
}

TEST_P(BlobFsTest, OpenModes) {
  EXPECT_EQ(fs_->Open("/f", Mode(OpenMode::kRead)).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(fs_->Open("/f", Mode(OpenMode::kWrite)).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(fs_->Open("/f", New()).ok());
  EXPECT_EQ(fs_->Open("/f", New()).status().code(), StatusCode::kAlreadyExists);
  ASSERT_TRUE(fs_.MustOpen("/f", Mode(OpenMode::kCreateOrWrite))->Append(AsBytes("one")).ok());
  ASSERT_TRUE(fs_.MustOpen("/f", Mode(OpenMode::kCreateOrWrite))->Append(AsBytes("two")).ok());
  EXPECT_EQ(fs_.Get("/f"), "onetwo");
  auto reader = fs_.MustOpen("/f", Mode(OpenMode::kRead));
  EXPECT_EQ(reader->Append(AsBytes("x")).code(), StatusCode::kReadOnly);
  EXPECT_EQ(reader->Truncate(0).code(), StatusCode::kReadOnly);
  EXPECT_EQ(reader->Sync().code(), StatusCode::kReadOnly);
  auto replaced = fs_.MustOpen("/f", Mode(OpenMode::kCreateOrReplace));
  EXPECT_EQ(ReadAll(*reader), "onetwo") << "a handle of the old file keeps seeing it";
  EXPECT_EQ(replaced->size_bytes(), 0u);
  EXPECT_FALSE(replaced->id() == reader->id());
  EXPECT_EQ(fs_.Get("/f"), "");
  ASSERT_TRUE(fs_.MustOpen("/g", Mode(OpenMode::kCreateOrWrite))->Close().ok());
  EXPECT_THAT(fs_->List(""), ElementsAre("/f", "/g"));
  reader.reset();
  replaced.reset();
  Reopen();
  EXPECT_EQ(fs_.Get("/f"), "");
}

// Clusters have 64 KiB here.
TEST_P(BlobFsTest, BytesAreWrittenAnywhere) {
  auto file = fs_.MustOpen("/f", New());
  std::string expected;
  const auto write = [&](uint64_t offset, const std::string& piece) {
    SCOPED_TRACE(std::to_string(piece.size()) + " bytes at " + std::to_string(offset));
    const Status status = file->WriteAt(offset, AsBytes(piece));
    ASSERT_TRUE(status.ok()) << status.ToString();
    if (expected.size() < offset + piece.size()) expected.resize(offset + piece.size());
    expected.replace(offset, piece.size(), piece);
    ASSERT_EQ(file->size_bytes(), expected.size());
    ASSERT_TRUE(ReadAll(*file) == expected);
  };
  for (int round = 0; round < 3; ++round) {
    const uint64_t seed = static_cast<uint64_t>(round) * 100;
    write(0, Pattern(seed + 1, 10));
    write(5, Pattern(seed + 2, 3));
    write(8, Pattern(seed + 3, 5000));
    write(4000, Pattern(seed + 4, 200'000));
    write(4096, Pattern(seed + 5, 4096));
    write(65'536, Pattern(seed + 6, 65'536));
    write(65'000, Pattern(seed + 7, 70'000));
    write(expected.size() + 10'000, "behind a gap");
    ASSERT_TRUE(file->Sync().ok());
    write(1, "x");
    write(130'000, Pattern(seed + 8, 3));
    write(expected.size() - 1, "yz");
    write(expected.size() - 5000, Pattern(seed + 9, 6000));
    write(0, Pattern(seed + 10, expected.size() + 1'200'000));
    ASSERT_TRUE(file->Truncate(150'000).ok());
    expected.resize(150'000);
    write(149'999, "ab");
    write(3, "c");
    if (round == 1) {
      ASSERT_TRUE(file->Sync().ok());
    }
    file.reset();
    Reopen();
    EXPECT_TRUE(fs_.Get("/f") == expected);
    file = fs_.MustOpen("/f", Mode(OpenMode::kWrite));
  }
}

// As a page cache does it whose last page is partly filled.
TEST_P(BlobFsTest, TheLastPageIsWrittenAgainAsItGrows) {
  for (const FileKind kind : {FileKind::kData, FileKind::kLog}) {
    auto file = fs_.MustOpen(kind == FileKind::kLog ? "/log" : "/data", New(kind));
    const std::string content = Pattern(5, 50'000);
    for (size_t size = 0; size < content.size();) {
      const size_t page = size / 4096 * 4096;
      size = std::min(content.size(), size + 777);
      ASSERT_TRUE(file->WriteAt(page, AsBytes(content.substr(page, size - page))).ok());
      if (size % 3 == 0) {
        ASSERT_TRUE(file->Sync().ok());
      }
      ASSERT_TRUE(ReadAll(*file) == content.substr(0, size));
    }
  }
  EXPECT_EQ(fs_->Stat("/log").value().kind, FileKind::kLog);
}

TEST_P(BlobFsTest, ALogThatIsOverwrittenIsAnOrdinaryFile) {
  std::string content = Pattern(5, 150'000);
  ASSERT_TRUE(fs_.Put("/log", content, FileKind::kLog).ok());
  auto file = fs_.MustOpen("/log", Mode(OpenMode::kWrite));
  const auto reader = fs_.MustOpen("/log", {});
  ASSERT_TRUE(file->Append(AsBytes("not synced")).ok());
  content += "not synced";
  const uint64_t free = fs_->Space().value().free_bytes;
  ASSERT_TRUE(file->WriteAt(70'000, AsBytes("changed")).ok());
  EXPECT_EQ(reader->kind(), FileKind::kData);
  std::string changed = content;
  changed.replace(70'000, 7, "changed");
  EXPECT_TRUE(ReadAll(*reader) == changed);
  fs_.Crash();
  ASSERT_TRUE(fs_.Open().ok());
  EXPECT_EQ(fs_->Stat("/log").value().kind, FileKind::kData);
  EXPECT_TRUE(fs_.Get("/log") == content) << "one step, and durable, but for what was changed then";
  file = fs_.MustOpen("/log", Mode(OpenMode::kWrite));
  ASSERT_TRUE(file->WriteAt(70'000, AsBytes("changed")).ok());
  ASSERT_TRUE(file->Append(AsBytes("!")).ok());
  ASSERT_TRUE(file->Close().ok());
  Reopen();
  EXPECT_TRUE(fs_.Get("/log") == changed + "!");
  EXPECT_GE(fs_->Space().value().free_bytes, free);
}

TEST_P(BlobFsTest, OverwritingALogWithoutSpaceChangesNothing) {
  const std::string content = Pattern(5, 150'000);
  ASSERT_TRUE(fs_.Put("/log", content, FileKind::kLog).ok());
  auto filler = fs_.MustOpen("/filler", New());
  ASSERT_TRUE(filler->Preallocate(fs_->Space().value().free_bytes).ok());
  auto log = fs_.MustOpen("/log", Mode(OpenMode::kWrite));
  EXPECT_EQ(log->WriteAt(10, AsBytes("x")).code(), StatusCode::kOutOfSpace);
  EXPECT_EQ(log->kind(), FileKind::kLog);
  EXPECT_TRUE(ReadAll(*log) == content);
  ASSERT_TRUE(log->Append(AsBytes("more")).ok());
  ASSERT_TRUE(log->Close().ok());
  filler.reset();
  Reopen();
  EXPECT_TRUE(fs_.Get("/log") == content + "more");
}

// Only the time of writing costs a log no commit.
TEST_P(BlobFsTest, TheTimeOfWhatALogHasIsDurableOnceItIsClosed) {
  auto log = fs_.MustOpen("/log", New(FileKind::kLog));
  ASSERT_TRUE(log->Append(AsBytes("x")).ok());
  ASSERT_TRUE(log->SetWriteTime(123).ok());
  EXPECT_EQ(fs_->Stat("/log").value().mtime_us, 123u);
  ASSERT_TRUE(log->Sync().ok());
  fs_.Crash();
  ASSERT_TRUE(fs_.Open().ok());
  EXPECT_NE(fs_->Stat("/log").value().mtime_us, 123u);
  log = fs_.MustOpen("/log", Mode(OpenMode::kWrite));
  ASSERT_TRUE(log->Append(AsBytes("y")).ok());
  ASSERT_TRUE(log->SetWriteTime(456).ok());
  ASSERT_TRUE(log->Close().ok());
  Reopen();
  EXPECT_EQ(fs_->Stat("/log").value().mtime_us, 456u);
}

TEST_P(BlobFsTest, OverwritingWithoutSpaceChangesNothing) {
  auto file = fs_.MustOpen("/f", New());
  const std::string content = Pattern(6, 300'000);
  ASSERT_TRUE(file->Append(AsBytes(content)).ok());
  ASSERT_TRUE(file->Sync().ok());
  auto filler = fs_.MustOpen("/filler", New());
  // It has a cluster already.
  ASSERT_TRUE(filler->Preallocate(fs_->Space().value().free_bytes - (64u << 10)).ok());
  ASSERT_EQ(fs_->Space().value().free_bytes, 128u << 10);
  EXPECT_EQ(file->WriteAt(10, AsBytes(std::string(200'000, 'x'))).code(), StatusCode::kOutOfSpace);
  EXPECT_TRUE(ReadAll(*file) == content);
  ASSERT_TRUE(file->WriteAt(10, AsBytes(std::string(100'000, 'x'))).ok());
  EXPECT_EQ(fs_->Space().value().free_bytes, 0u);
  // The places that were left come back.
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(fs_->Space().value().free_bytes, 128u << 10);
  filler.reset();
  ASSERT_TRUE(file->WriteAt(10, AsBytes(std::string(200'000, 'x'))).ok());
  EXPECT_TRUE(ReadAll(*file) ==
              content.substr(0, 10) + std::string(200'000, 'x') + content.substr(200'010));
}

TEST_P(BlobFsTest, CopiesOfARemovedFileAreGivenBack) {
  const uint64_t free = fs_->Space().value().free_bytes;
  auto file = fs_.MustOpen("/f", New());
  ASSERT_TRUE(file->Append(AsBytes(Pattern(6, 300'000))).ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(file->WriteAt(70'000, AsBytes("x")).ok());
  ASSERT_TRUE(fs_->Delete("/f").ok());
  ASSERT_TRUE(file->WriteAt(170'000, AsBytes("x")).ok());
  file.reset();
  EXPECT_EQ(fs_->Space().value().free_bytes, free);
}

TEST_P(BlobFsTest, AnExtendedFileIsZerosUntilSomethingElseIsWritten) {
  for (const FileKind kind : {FileKind::kData, FileKind::kLog}) {
    const std::string name = kind == FileKind::kLog ? "/log" : "/data";
    auto file = fs_.MustOpen(name, New(kind));
    ASSERT_TRUE(file->Append(AsBytes("abc")).ok());
    ASSERT_TRUE(file->Extend(100'000).ok());
    ASSERT_TRUE(file->Extend(10).ok());
    std::string expected = "abc" + std::string(99'997, '\0');
    EXPECT_EQ(file->size_bytes(), 100'000u);
    EXPECT_EQ(fs_->Stat(name).value().size_bytes, 100'000u);
    EXPECT_TRUE(ReadAll(*file, 777) == expected);
    ASSERT_TRUE(file->WriteAt(3, AsBytes("def")).ok());
    expected.replace(3, 3, "def");
    EXPECT_TRUE(ReadAll(*file) == expected);
    ASSERT_TRUE(file->Append(AsBytes("end")).ok());
    expected += "end";
    EXPECT_TRUE(ReadAll(*file) == expected);
    ASSERT_TRUE(file->Extend(200'000).ok());
    ASSERT_TRUE(file->Truncate(150'000).ok());
    expected.resize(150'000);
    EXPECT_TRUE(ReadAll(*file) == expected);
    ASSERT_TRUE(file->Sync().ok());
    EXPECT_TRUE(ReadAll(*file) == expected);
    EXPECT_EQ(file->Extend(uint64_t{1} << 40).code(), StatusCode::kOutOfSpace);
    file.reset();
    Reopen();
    EXPECT_TRUE(fs_.Get(name) == expected);
  }
}

TEST_P(BlobFsTest, TruncateCutsAndFillsUpWithZeros) {
  for (const FileKind kind : {FileKind::kData, FileKind::kLog}) {
    const std::string name = kind == FileKind::kLog ? "/log" : "/data";
    std::string expected = Pattern(3, 300'000);
    auto file = fs_.MustOpen(name, New(kind));
    ASSERT_TRUE(file->Append(AsBytes(expected)).ok());
    // 480 and 4064 bytes are the payloads of a unit.
    for (const uint64_t size : {250'000, 200'000, 65'536, 480 * 100, 480 * 99 + 1, 4064, 4065, 4096,
                                100, 50'000, 0, 10, 0}) {
      SCOPED_TRACE(size);
      const Status status = file->Truncate(size);
      ASSERT_TRUE(status.ok()) << status.ToString();
      expected.resize(size, '\0');
      ASSERT_TRUE(ReadAll(*file) == expected);
      ASSERT_TRUE(file->Append(AsBytes("xyz")).ok());
      expected += "xyz";
      ASSERT_TRUE(ReadAll(*file) == expected);
      if (size % 3 == 0) {
        ASSERT_TRUE(file->Sync().ok());
      }
      if (size % 2 == 0) {
        file.reset();
        Reopen();
        file = fs_.MustOpen(name, Mode(OpenMode::kWrite));
        ASSERT_TRUE(ReadAll(*file) == expected);
      }
    }
    ASSERT_TRUE(file->Close().ok());
  }
}

TEST_P(BlobFsTest, DeletedFilesWorkUntilTheyAreClosed) {
  const uint64_t free_before = fs_->Space().value().free_bytes;
  const std::string content = Pattern(4, 200'000);
  ASSERT_TRUE(fs_.Put("/f", content).ok());
  auto reader = fs_.MustOpen("/f", {});
  auto writer = fs_.MustOpen("/f", Mode(OpenMode::kWrite));
  ASSERT_TRUE(fs_->Delete("/f").ok());
  EXPECT_FALSE(fs_->Exists("/f"));
  EXPECT_EQ(fs_->Delete("/f").code(), StatusCode::kNotFound);
  EXPECT_EQ(fs_->Open("/f", {}).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(fs_.Put("/f", "another").ok());
  EXPECT_TRUE(ReadAll(*reader) == content);
  ASSERT_TRUE(writer->Append(AsBytes("more")).ok());
  ASSERT_TRUE(writer->Sync().ok());
  EXPECT_TRUE(ReadAll(*reader) == content + "more");
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_LT(fs_->Space().value().free_bytes, free_before - 200'000);
  ASSERT_TRUE(reader->Close().ok());
  EXPECT_EQ(fs_.Get("/f"), "another");
  ASSERT_TRUE(fs_->Delete("/f").ok());
  EXPECT_EQ(fs_->Space().value().free_bytes, free_before);
}

TEST_P(BlobFsTest, RenameReplacesTheOldFile) {
  ASSERT_TRUE(fs_.Put("/a", "one").ok());
  ASSERT_TRUE(fs_.Put("/b", "two").ok());
  auto old = fs_.MustOpen("/b", {});
  auto moved = fs_.MustOpen("/a", Mode(OpenMode::kWrite));
  ASSERT_TRUE(fs_->Rename("/a", "/b").ok());
  EXPECT_THAT(fs_->List("/"), ElementsAre("/b"));
  EXPECT_EQ(fs_.Get("/b"), "one");
  EXPECT_EQ(ReadAll(*old), "two");
  EXPECT_EQ(moved->name(), "/b");
  ASSERT_TRUE(moved->Append(AsBytes("!")).ok());
  EXPECT_EQ(fs_->Rename("/a", "/c").code(), StatusCode::kNotFound);
  EXPECT_TRUE(fs_->Rename("/b", "/b").ok());
  EXPECT_EQ(fs_->Rename("/b", "/c/").code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(fs_->Rename("/b", "/c/d").ok());
  old.reset();
  moved.reset();
  Reopen();
  EXPECT_THAT(fs_->List(""), ElementsAre("/c/d"));
  EXPECT_EQ(fs_.Get("/c/d"), "one!");
  EXPECT_TRUE(fs_->IsDirectory("/c"));
  EXPECT_TRUE(fs_->IsDirectory("/c/"));
  EXPECT_TRUE(fs_->IsDirectory("/"));
  EXPECT_FALSE(fs_->IsDirectory("/c/d"));
  EXPECT_FALSE(fs_->IsDirectory("/x"));
}

TEST_P(BlobFsTest, ListsByPrefixInOrder) {
  for (const char* name : {"/db/2", "/db/1", "/dc", "/db1", "/a"}) {
    ASSERT_TRUE(fs_.Put(name, "").ok());
  }
  EXPECT_THAT(fs_->List("/db/"), ElementsAre("/db/1", "/db/2"));
  EXPECT_THAT(fs_->List("/db"), ElementsAre("/db/1", "/db/2", "/db1"));
  EXPECT_THAT(fs_->List(""), ElementsAre("/a", "/db/1", "/db/2", "/db1", "/dc"));
  EXPECT_THAT(fs_->List("/zz"), IsEmpty());
}

TEST_P(BlobFsTest, BadNamesAreRefused) {
  const std::string longest = "/" + std::string(254, 'n');
  EXPECT_TRUE(fs_.Put(longest, "x").ok());
  for (const std::string& name :
       {std::string(), std::string("/"), std::string("f"), std::string("/f/"), std::string("//f"),
        std::string("/a//b"), std::string("/a\0b", 4), longest + "n", std::string("/.ashlar"),
        std::string("/.ashlar/space/1")}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(fs_->Open(name, New()).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(fs_->Rename(longest, name).code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(fs_->Lock(name).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(fs_->Stat(name).status().code(), StatusCode::kNotFound);
  }
  Reopen();
  EXPECT_EQ(fs_.Get(longest), "x");
}

TEST_P(BlobFsTest, StatTellsSizeTimeAndKind) {
  for (const FileKind kind : {FileKind::kData, FileKind::kLog}) {
    const std::string name = kind == FileKind::kLog ? "/log" : "/data";
    auto file = fs_.MustOpen(name, New(kind));
    const FileId id = file->id();
    EXPECT_NE(id.value, 0u);
    ASSERT_TRUE(file->Append(AsBytes(Pattern(5, 100'000))).ok());
    FileStat stat = fs_->Stat(name).value();
    EXPECT_EQ(stat.size_bytes, 100'000u);
    EXPECT_EQ(stat.kind, kind);
    EXPECT_TRUE(stat.id == id);
    EXPECT_GE(stat.allocated_bytes, 100'000u);
    EXPECT_GT(stat.mtime_us, 1'600'000'000'000'000u);
    ASSERT_TRUE(file->SetMtime(123'456'789).ok());
    ASSERT_TRUE(file->Sync().ok());
    fs_.Crash();
    file.reset();
    ASSERT_TRUE(fs_.Open().ok());
    stat = fs_->Stat(name).value();
    EXPECT_EQ(stat.size_bytes, 100'000u);
    EXPECT_EQ(stat.mtime_us, 123'456'789u);
    EXPECT_EQ(stat.kind, kind);
    EXPECT_TRUE(stat.id == id);
  }
}

TEST_P(BlobFsTest, PreallocatedSpaceNeverMovesTheLengthAndComesBack) {
  for (const FileKind kind : {FileKind::kData, FileKind::kLog}) {
    const uint64_t free_before = fs_->Space().value().free_bytes;
    OpenOptions options = New(kind);
    options.preallocate_bytes = 4 * kMiB;
    auto file = fs_.MustOpen("/f", options);
    EXPECT_EQ(file->size_bytes(), 0u);
    EXPECT_GE(file->allocated_bytes(), 4 * kMiB);
    ASSERT_TRUE(file->Preallocate(8 * kMiB).ok());
    ASSERT_TRUE(file->Preallocate(kMiB).ok());
    EXPECT_GE(file->allocated_bytes(), 8 * kMiB);
    EXPECT_EQ(file->Preallocate(kGiB).code(), StatusCode::kOutOfSpace);
    ASSERT_TRUE(file->Append(AsBytes("abc")).ok());
    ASSERT_TRUE(file->Sync().ok());
    // A crash leaves the space to the file, and the length where it was.
    fs_.Crash();
    file.reset();
    ASSERT_TRUE(fs_.Open().ok());
    EXPECT_EQ(fs_->Stat("/f").value().size_bytes, 3u);
    EXPECT_EQ(fs_.Get("/f"), "abc");
    file = fs_.MustOpen("/f", Mode(OpenMode::kWrite));
    ASSERT_TRUE(file->Close().ok());
    EXPECT_EQ(fs_->Space().value().free_bytes, free_before - 65'536);
    ASSERT_TRUE(fs_->Delete("/f").ok());
    EXPECT_EQ(fs_->Space().value().free_bytes, free_before);
  }
}

TEST_P(BlobFsTest, AFullDeviceRefusesAppendsWholeAndGoesOnWhenThereIsSpace) {
  ASSERT_TRUE(fs_.Put("/ballast", Pattern(6, 20 * kMiB)).ok());
  auto file = fs_.MustOpen("/f", New());
  const std::string piece = Pattern(7, 300'000);
  std::string expected;
  Status status;
  while ((status = file->Append(AsBytes(piece))).ok()) expected += piece;
  EXPECT_EQ(status.code(), StatusCode::kOutOfSpace) << status.ToString();
  EXPECT_GT(expected.size(), 20 * kMiB);
  EXPECT_EQ(file->size_bytes(), expected.size());
  EXPECT_TRUE(file->Sync().ok()) << "what was taken has its space";
  while (fs_->Space().value().free_bytes > 0) {
    ASSERT_TRUE(fs_.Put("/small" + std::to_string(fs_->List("").size()), "").ok());
  }
  auto late = fs_.MustOpen("/late", New());
  EXPECT_EQ(late->Append(AsBytes("x")).code(), StatusCode::kOutOfSpace);
  EXPECT_TRUE(late->Sync().ok());
  EXPECT_EQ(fs_->Stat("/late").value().allocated_bytes, 0u);
  ASSERT_TRUE(fs_->Rename("/f", "/g").ok()) << "names do not need space";
  ASSERT_TRUE(fs_->Delete("/ballast").ok());
  ASSERT_TRUE(file->Append(AsBytes(piece)).ok());
  expected += piece;
  ASSERT_TRUE(file->Close().ok());
  ASSERT_TRUE(late->Append(AsBytes("y")).ok());
  ASSERT_TRUE(late->Close().ok());
  Reopen();
  EXPECT_TRUE(fs_.Get("/g") == expected);
  EXPECT_EQ(fs_.Get("/late"), "y");
}

TEST_P(BlobFsTest, LocksExcludeWithinTheProcess) {
  auto lock = fs_->Lock("/LOCK");
  ASSERT_TRUE(lock.ok());
  EXPECT_TRUE(fs_->Exists("/LOCK"));
  EXPECT_EQ(fs_->Lock("/LOCK").status().code(), StatusCode::kBusy);
  EXPECT_TRUE(fs_->Lock("/LOCK2").ok());
  lock.value().reset();
  EXPECT_TRUE(fs_->Lock("/LOCK").ok());
}

TEST_P(BlobFsTest, EverythingAnswersClosedAfterClose) {
  ASSERT_TRUE(fs_.Put("/f", Pattern(8, 100'000)).ok());
  auto reader = fs_.MustOpen("/f", {});
  auto writer = fs_.MustOpen("/f", Mode(OpenMode::kWrite));
  auto deleted = fs_.MustOpen("/deleted", New());
  auto lock = fs_->Lock("/LOCK");
  ASSERT_TRUE(fs_->Delete("/deleted").ok());
  ASSERT_TRUE(writer->Append(AsBytes("tail")).ok());
  ASSERT_TRUE(fs_->Close().ok());
  std::vector<uint8_t> into(10);
  EXPECT_EQ(reader->Read(0, into).status().code(), StatusCode::kClosed);
  std::vector<FileRead> reads = {{0, into, {}, 0}, {5, into, {}, 0}};
  reader->ReadMany(reads);
  EXPECT_EQ(reads[1].status.code(), StatusCode::kClosed);
  EXPECT_EQ(writer->Append(AsBytes("x")).code(), StatusCode::kClosed);
  EXPECT_EQ(writer->Sync().code(), StatusCode::kClosed);
  EXPECT_EQ(writer->Truncate(0).code(), StatusCode::kClosed);
  EXPECT_EQ(writer->Close().code(), StatusCode::kClosed);
  EXPECT_EQ(fs_->Open("/f", {}).status().code(), StatusCode::kClosed);
  EXPECT_EQ(fs_->Open("/new", New()).status().code(), StatusCode::kClosed);
  EXPECT_EQ(fs_->Stat("/f").status().code(), StatusCode::kClosed);
  EXPECT_EQ(fs_->Rename("/f", "/g").code(), StatusCode::kClosed);
  EXPECT_EQ(fs_->Delete("/f").code(), StatusCode::kClosed);
  EXPECT_EQ(fs_->Lock("/f").status().code(), StatusCode::kClosed);
  EXPECT_EQ(fs_->Space().status().code(), StatusCode::kClosed);
  EXPECT_EQ(fs_->Close().code(), StatusCode::kClosed);
  reader.reset();
  writer.reset();
  deleted.reset();
  ASSERT_TRUE(fs_.Open().ok());
  EXPECT_TRUE(fs_->report().was_clean);
  EXPECT_EQ(fs_->report().removed, 0u) << "deleted files went at close";
  EXPECT_TRUE(fs_.Get("/f") == Pattern(8, 100'000) + "tail") << "close wrote what was buffered";
}

TEST_P(BlobFsTest, AClosedHandleAnswersClosed) {
  auto file = fs_.MustOpen("/f", New());
  ASSERT_TRUE(file->Append(AsBytes("x")).ok());
  ASSERT_TRUE(file->Close().ok());
  std::vector<uint8_t> into(10);
  EXPECT_EQ(file->Read(0, into).status().code(), StatusCode::kClosed);
  EXPECT_EQ(file->Append(AsBytes("x")).code(), StatusCode::kClosed);
  EXPECT_EQ(file->Close().code(), StatusCode::kClosed);
}

TEST_P(BlobFsTest, ReadOnlyFileSystemsChangeNothing) {
  ASSERT_TRUE(fs_.Put("/f", "content").ok());
  ASSERT_TRUE(fs_.Close().ok());
  BlobFsOptions options;
  options.read_only = true;
  const uint64_t writes = fs_.device().counters().writes;
  ASSERT_TRUE(fs_.Open(options).ok());
  EXPECT_TRUE(fs_->report().read_only);
  EXPECT_EQ(fs_.Get("/f"), "content");
  EXPECT_EQ(fs_->Open("/f", Mode(OpenMode::kWrite)).status().code(), StatusCode::kReadOnly);
  EXPECT_EQ(fs_->Open("/g", New()).status().code(), StatusCode::kReadOnly);
  EXPECT_EQ(fs_->Rename("/f", "/g").code(), StatusCode::kReadOnly);
  EXPECT_EQ(fs_->Delete("/f").code(), StatusCode::kReadOnly);
  EXPECT_EQ(fs_->Lock("/LOCK").status().code(), StatusCode::kReadOnly);
  ASSERT_TRUE(fs_.Close().ok());
  EXPECT_EQ(fs_.device().counters().writes, writes);
  ASSERT_TRUE(fs_.Open().ok());
}

TEST_P(BlobFsTest, BuffersAreBoundedAndCounted) {
  ASSERT_TRUE(fs_.Close().ok());
  BlobFsOptions options;
  options.buffer_bytes = 4u << 20;
  ASSERT_TRUE(fs_.Open(options).ok());
  const std::string piece = Pattern(9, 5000);
  {
    std::vector<std::unique_ptr<File>> files;
    for (int i = 0; i < 20; ++i) {
      files.push_back(fs_.MustOpen("/f" + std::to_string(i), New()));
      ASSERT_TRUE(files.back()->Append(AsBytes(piece)).ok());
    }
    const uint64_t used = fs_->Space().value().buffer_bytes;
    EXPECT_GE(used, 20 * 64 * kKiB);
    EXPECT_LE(used, 4 * kMiB + 20 * 64 * kKiB);
    for (const auto& file : files) EXPECT_TRUE(ReadAll(*file) == piece);
  }
  EXPECT_LE(fs_->Space().value().buffer_bytes, 4 * kMiB);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(fs_.Get("/f" + std::to_string(i)) == piece);
  options.buffer_bytes = 1;
  ASSERT_TRUE(fs_.Close().ok());
  EXPECT_EQ(fs_.Open(options).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(fs_.Open().ok());
}

// That is what makes opening ten thousand of them quick.
TEST_P(BlobFsTest, OpeningFilesReadsNothingFromTheDevice) {
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(
        fs_.Put("/f" + std::to_string(i), "x", i % 2 == 0 ? FileKind::kLog : FileKind::kData).ok());
  }
  Reopen();
  const uint64_t reads = fs_->counters().reads;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(fs_->Open("/f" + std::to_string(i), {}).ok());
    ASSERT_TRUE(fs_->Stat("/f" + std::to_string(i)).ok());
  }
  EXPECT_EQ(fs_->counters().reads, reads);
}

// Nor does opening the file system read each file: it fetches their metadata in large pieces.
TEST_P(BlobFsTest, OpeningReadsTheMetadataOfManyFilesTogether) {
  constexpr uint64_t kFiles = 100;
  for (uint64_t i = 0; i < kFiles; ++i) {
    ASSERT_TRUE(fs_.Put("/f" + std::to_string(i), "x").ok());
  }
  for (const bool clean : {true, false}) {
    if (clean) {
      ASSERT_TRUE(fs_.Close().ok());
    }
    fs_.Crash();
    const uint64_t reads = fs_.device().counters().reads;
    ASSERT_TRUE(fs_.Open().ok());
    EXPECT_EQ(fs_->report().was_clean, clean);
    EXPECT_EQ(fs_->report().files, kFiles);
    EXPECT_LT(fs_.device().counters().reads - reads, kFiles / 10) << "clean: " << clean;
    ASSERT_TRUE(fs_.Put("/f0", "makes the device dirty").ok());
  }
}

TEST_P(BlobFsTest, LivesOnABlobstoreThatOthersUse) {
  ASSERT_TRUE(fs_.Close().ok());
  {
    auto volume =
        FsVolume::Open(std::make_unique<SharedDevice>(fs_.shared_device(), RequestObserver(),
                                                      std::function<void()>()),
                       BlobFsDevice(), false);
    ASSERT_TRUE(volume.ok());
    const BlobFsParts parts = volume.value()->parts();
    for (int round = 0; round < 2; ++round) {
      auto fs = BlobFs::Mount(parts, {});
      ASSERT_TRUE(fs.ok()) << fs.status().ToString();
      OpenOptions options;
      options.mode = OpenMode::kCreateOrWrite;
      auto file = fs.value()->Open("/f", options);
      ASSERT_TRUE(file.ok());
      ASSERT_TRUE(file.value()->Append(AsBytes("x")).ok());
      ASSERT_TRUE(fs.value()->Close().ok());
    }
    ASSERT_TRUE(volume.value()->Close().ok());
  }
  ASSERT_TRUE(fs_.Open().ok());
  EXPECT_EQ(fs_.Get("/f"), "xx");
}

}  // namespace
}  // namespace ashlar
