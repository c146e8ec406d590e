// Rule R10, errors stick, and what opening makes of devices that are not in order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "cpp/blobfs/file_format.h"
#include "cpp/testing/test_blobstore.h"
#include "cpp/testing/test_fs.h"

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

OpenOptions Mode(OpenMode mode, FileKind kind = FileKind::kData) {
  OpenOptions options;
  options.mode = mode;
  options.kind = kind;
  return options;
}

class BlobFsErrorTest : public ::testing::TestWithParam<FileKind> {
 protected:
  BlobFsErrorTest() : device_(TestFs::NewCrashDevice(Options())), fs_(device_) {}

  static CrashDeviceOptions Options() {
    CrashDeviceOptions options;
    options.sector_bytes = 4096;
    return options;
  }

  void SetUp() override { ASSERT_TRUE(fs_.Format().ok()); }

  std::unique_ptr<File> New(const std::string& name) {
    return fs_.MustOpen(name, Mode(OpenMode::kCreateNew, GetParam()));
  }

  std::shared_ptr<CrashDevice> device_;
  TestFs fs_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, BlobFsErrorTest, ::testing::Values(FileKind::kData, FileKind::kLog),
                         [](const auto& test) {
                           return test.param == FileKind::kLog ? "Log" : "Data";
                         });

TEST_P(BlobFsErrorTest, AFailedOverwriteSticksAndLeavesWhatIsDurable) {
  if (GetParam() == FileKind::kLog) return;  // is never overwritten
  const std::string durable = Pattern(1, 200'000);
  // Which write fails: of the first copy, of a second one, of bytes that were never durable.
  for (const uint64_t offset : {10u, 70'000u, 250'000u}) {
    SCOPED_TRACE(offset);
    const std::string name = "/f" + std::to_string(offset);
    auto file = New(name);
    ASSERT_TRUE(file->Append(AsBytes(durable)).ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(file->WriteAt(200'000, AsBytes(Pattern(2, 100'000))).ok());
    ASSERT_TRUE(file->WriteAt(0, AsBytes("copied")).ok());
    device_->FailNth(IoRequest::Op::kWrite, 1, EIO);
    EXPECT_EQ(file->WriteAt(offset, AsBytes("lost")).sys_errno(), EIO);
    device_->ClearFaults();
    EXPECT_EQ(file->WriteAt(0, AsBytes("x")).code(), StatusCode::kIoError);
    EXPECT_EQ(file->Sync().code(), StatusCode::kIoError);
    EXPECT_TRUE(ReadAll(*file) == durable);
    EXPECT_EQ(file->Close().code(), StatusCode::kIoError);
    EXPECT_TRUE(fs_.Get(name) == durable);
  }
  ASSERT_TRUE(fs_.Close().ok());
  EXPECT_EQ(fs_.Check(), "");
  ASSERT_TRUE(fs_.Open().ok());
  EXPECT_TRUE(fs_.Get("/f10") == durable);
}

TEST_P(BlobFsErrorTest, AFailedWriteSticksToItsFile) {
  auto other = New("/other");
  auto file = New("/f");
  auto again = fs_.MustOpen("/f", Mode(OpenMode::kWrite));
  ASSERT_TRUE(file->Append(AsBytes("durable")).ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(file->Append(AsBytes(" lost")).ok());
  device_->FailNth(IoRequest::Op::kWrite, 1, EIO);
  const Status failed = file->Sync();
  EXPECT_EQ(failed.code(), StatusCode::kIoError);
  EXPECT_EQ(failed.sys_errno(), EIO);
  device_->ClearFaults();
  for (File* handle : {file.get(), again.get()}) {
    EXPECT_EQ(handle->Sync().code(), StatusCode::kIoError);
    EXPECT_EQ(handle->Append(AsBytes("x")).code(), StatusCode::kIoError);
    EXPECT_EQ(handle->Truncate(1).code(), StatusCode::kIoError);
    EXPECT_EQ(handle->Close().code(), handle == file.get() ? StatusCode::kOk : StatusCode::kIoError)
        << "the last one has to make it durable";
  }
  EXPECT_EQ(fs_.Get("/f"), "durable");
  auto later = fs_.MustOpen("/f", Mode(OpenMode::kWrite));
  EXPECT_EQ(later->Append(AsBytes("x")).code(), StatusCode::kIoError);
  ASSERT_TRUE(other->Append(AsBytes("fine")).ok());
  EXPECT_TRUE(other->Sync().ok()) << "other files are not concerned";
  later.reset();
  other.reset();
  ASSERT_TRUE(fs_.Close().ok());
  EXPECT_EQ(fs_.Check(), "");
  ASSERT_TRUE(fs_.Open().ok());
  // The write that failed may have stored what it had to; only a log can tell.
  const std::string after = fs_.Get("/f");
  EXPECT_TRUE(after == "durable" || (GetParam() == FileKind::kLog && after == "durable lost"))
      << after;
  EXPECT_EQ(fs_.Get("/other"), "fine");
}

TEST_P(BlobFsErrorTest, AFailedWriteInTheBackgroundIsToldAtTheNextCall) {
  auto file = New("/f");
  ASSERT_TRUE(file->Preallocate(8 * kMiB).ok());
  device_->FailNth(IoRequest::Op::kWrite, 1, EIO);
  const std::string piece = Pattern(1, 600'000);
  Status status;
  for (int i = 0; i < 12 && status.ok(); ++i) status = file->Append(AsBytes(piece));
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_EQ(file->Sync().code(), StatusCode::kIoError);
  EXPECT_EQ(file->Close().code(), StatusCode::kIoError);
  EXPECT_EQ(fs_.Get("/f"), "");
}

TEST_P(BlobFsErrorTest, AFailedFlushEndsChangesOfTheWholeFileSystem) {
  auto file = New("/f");
  auto other = New("/other");
  ASSERT_TRUE(file->Append(AsBytes("one")).ok());
  ASSERT_TRUE(other->Append(AsBytes("two")).ok());
  ASSERT_TRUE(other->Sync().ok());
  ASSERT_TRUE(other->Append(AsBytes("three")).ok());
  device_->FailNth(IoRequest::Op::kFlush, 1, EIO);
  EXPECT_EQ(file->Sync().code(), StatusCode::kIoError);
  device_->ClearFaults();
  // What this file wrote since the last flush may be lost, whatever the next flush says.
  EXPECT_EQ(other->Sync().code(), StatusCode::kIoError);
  EXPECT_EQ(other->Append(AsBytes("x")).code(), StatusCode::kIoError);
  EXPECT_EQ(fs_->Rename("/f", "/g").code(), StatusCode::kIoError);
  EXPECT_EQ(fs_->Open("/new", Mode(OpenMode::kCreateNew)).status().code(), StatusCode::kIoError);
  EXPECT_EQ(fs_.Get("/other").substr(0, 3), "two") << "reading goes on";
  EXPECT_FALSE(fs_->Close().ok());
  file.reset();
  other.reset();
  ASSERT_TRUE(fs_.Open().ok());
  EXPECT_FALSE(fs_->report().was_clean);
  const std::string after = fs_.Get("/other");
  EXPECT_EQ(after, std::string("twothree").substr(0, after.size()));
  EXPECT_GE(after.size(), 3u);
}

TEST_P(BlobFsErrorTest, AFailedChangeOfMetadataEndsChanges) {
  ASSERT_TRUE(fs_.Put("/f", "content", GetParam()).ok());
  device_->FailNth(IoRequest::Op::kWrite, 1, EIO);
  EXPECT_EQ(fs_->Rename("/f", "/g").code(), StatusCode::kIoError);
  device_->ClearFaults();
  EXPECT_TRUE(fs_->Exists("/f"));
  EXPECT_EQ(fs_->Delete("/f").code(), StatusCode::kIoError);
  EXPECT_TRUE(fs_->Exists("/f"));
  EXPECT_EQ(fs_.Get("/f"), "content");
  auto file = fs_.MustOpen("/f", Mode(OpenMode::kWrite));
  EXPECT_EQ(file->Append(AsBytes("x")).code(), StatusCode::kIoError);
}

TEST_P(BlobFsErrorTest, FailedReadsAreErrorsAndPass) {
  const std::string content = Pattern(2, 200'000);
  ASSERT_TRUE(fs_.Put("/f", content, GetParam()).ok());
  auto file = fs_.MustOpen("/f", {});
  std::vector<uint8_t> into(1000);
  device_->FailNth(IoRequest::Op::kRead, 1, EIO);
  EXPECT_EQ(file->Read(100'000, into).status().sys_errno(), EIO);
  EXPECT_TRUE(ReadAll(*file) == content);
}

// --- what a device can hold --------------------------------------------------------------------

class BlobFsContentTest : public ::testing::Test {
 protected:
  // A blobstore with one file.
  void SetUp() override {
    CrashDeviceOptions options;
    options.sector_bytes = 4096;
    device_ = TestFs::NewCrashDevice(options);
    TestFs fs(device_);
    ASSERT_TRUE(fs.Format().ok());
    ASSERT_TRUE(fs.Put("/f", "content").ok());
    ASSERT_TRUE(fs.Close().ok());
  }

  // Makes blobs as somebody else would.
  void Create(const std::vector<std::vector<Xattr>>& blobs) {
    TestBlobstore store(
        std::make_unique<SharedDevice>(device_, RequestObserver(), std::function<void()>()));
    ASSERT_TRUE(store.Open().ok());
    for (const auto& xattrs : blobs) ASSERT_TRUE(store.Create(1, xattrs).ok());
    ASSERT_TRUE(store.Close().ok());
  }

  static std::vector<Xattr> FileOf(const std::string& name, uint64_t length,
                                   uint64_t generation = 0) {
    FileMetadata file;
    file.name = name;
    file.length_bytes = length;
    file.generation = generation;
    return EncodeFileMetadata(file);
  }

  std::shared_ptr<CrashDevice> device_;
};

TEST_F(BlobFsContentTest, DamagedNamesAndLengthsCostOneFile) {
  Create({{NameXattr("/nolength")},
          {LengthXattr(5)},
          {{"name", "/noNul"}, LengthXattr(5)},
          FileOf("/toolong", 65'537),
          FileOf("/good", 65'536)});
  TestFs fs(device_);
  EXPECT_THAT(fs.Check(), HasSubstr("has no name"));
  ASSERT_TRUE(fs.Open().ok());
  EXPECT_THAT(fs->report().damage, SizeIs(4));
  EXPECT_THAT(fs->List(""), ElementsAre("/f", "/good", "/toolong"));
  EXPECT_EQ(fs.Get("/f"), "content");
  EXPECT_EQ(fs.Get("/good").size(), 65'536u);
  EXPECT_EQ(fs->Open("/toolong", {}).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(fs->Open("/toolong", Mode(OpenMode::kWrite)).status().code(), StatusCode::kCorrupt);
  EXPECT_TRUE(fs->Stat("/toolong").ok());
  EXPECT_TRUE(fs->Rename("/toolong", "/x").ok());
  EXPECT_TRUE(fs->Delete("/x").ok());
}

TEST_F(BlobFsContentTest, OfTwoFilesOfOneNameTheLaterGenerationCounts) {
  Create({FileOf("/two", 1, 7), FileOf("/two", 2, 9), FileOf("/two", 3, 8)});
  {
    BlobFsOptions options;
    options.read_only = true;
    TestFs fs(device_);
    ASSERT_TRUE(fs.Open(options).ok());
    EXPECT_EQ(fs->Stat("/two").value().size_bytes, 2u);
    EXPECT_EQ(fs->report().removed, 0u);
  }
  TestFs fs(device_);
  ASSERT_TRUE(fs.Open().ok());
  EXPECT_EQ(fs->Stat("/two").value().size_bytes, 2u);
  EXPECT_EQ(fs->report().removed, 2u);
  EXPECT_THAT(fs->report().damage, IsEmpty());
  ASSERT_TRUE(fs.Close().ok());
  EXPECT_EQ(fs.Check(), "");
}

TEST_F(BlobFsContentTest, NothingIsRemovedWhereGenerationsDoNotDecide) {
  Create({FileOf("/two", 1), FileOf("/two", 2)});
  for (int round = 0; round < 2; ++round) {
    TestFs fs(device_);
    ASSERT_TRUE(fs.Open().ok());
    EXPECT_EQ(fs->report().removed, 0u);
    EXPECT_THAT(fs->report().damage, ElementsAre(HasSubstr("is that of another file")));
    EXPECT_THAT(fs->List(""), ElementsAre("/f", "/two"));
    EXPECT_THAT(fs.Check(), HasSubstr("same generation"));
    fs.Crash();
  }
}

TEST_F(BlobFsContentTest, FilesMarkedDeletedAreRemoved) {
  std::vector<Xattr> deleted = FileOf("/gone", 10);
  deleted.push_back(DeletedXattr());
  Create({deleted});
  TestFs fs(device_);
  EXPECT_THAT(fs.Check(), HasSubstr("should have been removed"));
  ASSERT_TRUE(fs.Open().ok());
  EXPECT_THAT(fs->List(""), ElementsAre("/f"));
  EXPECT_EQ(fs->report().removed, 1u);
  ASSERT_TRUE(fs.Close().ok());
  EXPECT_EQ(fs.Check(), "");
}

TEST_F(BlobFsContentTest, FilesOfAChunkStoreAreLeftAloneAndMakeItReadOnly) {
  Create({FileOf("/.ashlar/store", 0), FileOf("/.ashlar/space/0", 65'536)});
  TestFs fs(device_);
  ASSERT_TRUE(fs.Open().ok());
  EXPECT_TRUE(fs->report().read_only);
  EXPECT_TRUE(fs->report().has_chunk_store);
  EXPECT_THAT(fs->List(""), ElementsAre("/f"));
  EXPECT_EQ(fs->Delete("/f").code(), StatusCode::kReadOnly);
  EXPECT_EQ(fs->Open("/.ashlar/store", {}).status().code(), StatusCode::kNotFound);
  fs.Crash();
  BlobFsOptions options;
  options.write_beside_chunk_store = true;
  ASSERT_TRUE(fs.Open(options).ok());
  EXPECT_FALSE(fs->report().read_only);
  EXPECT_EQ(fs->Delete("/.ashlar/store").code(), StatusCode::kNotFound);
  EXPECT_TRUE(fs->Delete("/f").ok());
  ASSERT_TRUE(fs.Close().ok());
  EXPECT_EQ(fs.Check(), "");
}

TEST_F(BlobFsContentTest, OtherDevicesAreRefused) {
  TestFs empty(TestFs::NewCrashDevice({}));
  EXPECT_EQ(empty.Open().code(), StatusCode::kWrongFormat);
  TestBlobstore store(
      std::make_unique<SharedDevice>(device_, RequestObserver(), std::function<void()>()));
  BlobstoreFormatOptions format;
  format.type = "OTHER";
  ASSERT_TRUE(store.Format(format).ok());
  TestFs other(device_);
  EXPECT_EQ(other.Open().code(), StatusCode::kWrongFormat);
}

}  // namespace
}  // namespace ashlar
