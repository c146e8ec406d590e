// What RocksDB expects of a FileSystem, one by one: what its own env_basic_test and env_test ask of
// every file system, and what its code relies on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cpp/blobfs/blobfs.h"
#include "cpp/rocksdb/core/mount.h"
#include "cpp/rocksdb/plugin/blobfs_file_system.h"
#include "cpp/testing/test_spdk.h"
#include "rocksdb/env.h"

namespace ashlar::rocks {

namespace {

using rocksdb::FileOptions;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr uint64_t kDeviceBytes = 64u << 20;

class ConformanceTest : public testing::Test {
 protected:
  void SetUp() override {
    BlobFsDevice device;
    device.device = TestMemory(kDeviceBytes);
    device.format = true;
    Result<std::unique_ptr<BlobFs>> opened = BlobFs::Open(device, BlobFsOptions());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    blobfs_ = std::move(opened).value();
    mount_ = Mount::Create(blobfs_);
    fs_ = std::make_unique<BlobFsFileSystem>(Core(), mount_);
  }

  void TearDown() override { EXPECT_TRUE(mount_->Unmount().ok()); }

  std::unique_ptr<rocksdb::FSWritableFile> Writable(const std::string& path) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    const IOStatus status = fs_->NewWritableFile(path, FileOptions(), &file, nullptr);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return file;
  }

  void Write(const std::string& path, const std::string& bytes) {
    const auto file = Writable(path);
    EXPECT_TRUE(file->Append(bytes, IOOptions(), nullptr).ok());
    EXPECT_TRUE(file->Close(IOOptions(), nullptr).ok());
  }

  std::string Read(const std::string& path) {
    std::string bytes;
    const IOStatus status = rocksdb::ReadFileToString(fs_.get(), path, &bytes);
    return status.ok() ? bytes : status.ToString();
  }

  uint64_t SizeOf(const std::string& path) {
    uint64_t size = 0;
    const IOStatus status = fs_->GetFileSize(path, IOOptions(), &size, nullptr);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return size;
  }

  std::vector<std::string> Children(const std::string& folder) {
    std::vector<std::string> names;
    const IOStatus status = fs_->GetChildren(folder, IOOptions(), &names, nullptr);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return names;
  }

  bool Exists(const std::string& path) { return fs_->FileExists(path, IOOptions(), nullptr).ok(); }

  std::shared_ptr<BlobFs> blobfs_;
  Mount* mount_ = nullptr;
  std::unique_ptr<BlobFsFileSystem> fs_;
};

// --- missing files -------------------------------------------------------------------------------

TEST_F(ConformanceTest, WhatIsMissingIsPathNotFoundExceptToFileExistsAndGetChildren) {
  std::unique_ptr<rocksdb::FSSequentialFile> sequential;
  std::unique_ptr<rocksdb::FSRandomAccessFile> random;
  std::unique_ptr<rocksdb::FSDirectory> directory;
  uint64_t number = 0;
  bool flag = false;
  std::vector<std::string> names;
  const FileOptions options;
  const IOOptions io;
  EXPECT_TRUE(fs_->NewSequentialFile("/x", options, &sequential, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->NewRandomAccessFile("/x", options, &random, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->NewDirectory("/x", io, &directory, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->DeleteFile("/x", io, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->DeleteDir("/x", io, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->RenameFile("/x", "/y", io, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->Truncate("/x", 0, io, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->GetFileSize("/x", io, &number, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->GetFileModificationTime("/x", io, &number, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->NumFileLinks("/x", io, &number, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->IsDirectory("/x", io, &flag, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->AreFilesSame("/x", "/x", io, &flag, nullptr).IsPathNotFound());
  EXPECT_TRUE(fs_->FileExists("/x", io, nullptr).IsNotFound());
  EXPECT_TRUE(fs_->GetChildren("/x", io, &names, nullptr).IsNotFound());
}

// --- writing -------------------------------------------------------------------------------------

TEST_F(ConformanceTest, NewWritableFileReplacesAFileWhoseReadersKeepTheOldOne) {
  Write("/f", "old content");
  std::unique_ptr<rocksdb::FSRandomAccessFile> old;
  ASSERT_TRUE(fs_->NewRandomAccessFile("/f", FileOptions(), &old, nullptr).ok());
  const auto file = Writable("/f");
  EXPECT_EQ(SizeOf("/f"), 0u);
  ASSERT_TRUE(file->Append("new", IOOptions(), nullptr).ok());
  EXPECT_EQ(SizeOf("/f"), 3u) << "what is buffered counts";
  EXPECT_EQ(file->GetFileSize(IOOptions(), nullptr), 3u);
  char scratch[16];
  Slice result;
  ASSERT_TRUE(old->Read(0, sizeof(scratch), IOOptions(), &result, scratch, nullptr).ok());
  EXPECT_EQ(result.ToString(), "old content");
  ASSERT_TRUE(file->Close(IOOptions(), nullptr).ok());
  EXPECT_EQ(file->GetFileSize(IOOptions(), nullptr), 3u);
  EXPECT_EQ(Read("/f"), "new");
}

TEST_F(ConformanceTest, ReopenAppendsToWhatIsThereOrCreates) {
  Write("/f", "one ");
  for (const char* path : {"/f", "/g"}) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    ASSERT_TRUE(fs_->ReopenWritableFile(path, FileOptions(), &file, nullptr).ok());
    EXPECT_EQ(file->GetFileSize(IOOptions(), nullptr), SizeOf(path));
    ASSERT_TRUE(file->Append("two", IOOptions(), nullptr).ok());
    ASSERT_TRUE(file->Close(IOOptions(), nullptr).ok());
  }
  EXPECT_EQ(Read("/f"), "one two");
  EXPECT_EQ(Read("/g"), "two");
}

TEST_F(ConformanceTest, ReusedFileHoldsNothingOfTheOldOne) {
  Write("/000001.log", std::string(100'000, 'x'));
  std::unique_ptr<rocksdb::FSWritableFile> file;
  ASSERT_TRUE(
      fs_->ReuseWritableFile("/000002.log", "/000001.log", FileOptions(), &file, nullptr).ok());
  EXPECT_FALSE(Exists("/000001.log"));
  EXPECT_EQ(SizeOf("/000002.log"), 0u);
  ASSERT_TRUE(file->Append("y", IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Sync(IOOptions(), nullptr).ok());
  EXPECT_EQ(Read("/000002.log"), "y");
  EXPECT_TRUE(
      fs_->ReuseWritableFile("/z", "/missing", FileOptions(), &file, nullptr).IsPathNotFound());
}

TEST_F(ConformanceTest, AllocatingDoesNotMoveTheEnd) {
  const auto file = Writable("/f");
  file->SetPreallocationBlockSize(1 << 20);
  file->PrepareWrite(0, 100, IOOptions(), nullptr);
  ASSERT_TRUE(file->Allocate(0, 4 << 20, IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Append("abc", IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Sync(IOOptions(), nullptr).ok());
  EXPECT_EQ(SizeOf("/f"), 3u);
  EXPECT_EQ(Read("/f"), "abc");
}

TEST_F(ConformanceTest, TruncatingCutsOpenAndClosedFiles) {
  const auto file = Writable("/f");
  ASSERT_TRUE(file->Append("abcdef", IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Truncate(4, IOOptions(), nullptr).ok());
  EXPECT_EQ(SizeOf("/f"), 4u);
  ASSERT_TRUE(file->Append("X", IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Close(IOOptions(), nullptr).ok());
  EXPECT_EQ(Read("/f"), "abcdX");
  ASSERT_TRUE(fs_->Truncate("/f", 2, IOOptions(), nullptr).ok());
  EXPECT_EQ(Read("/f"), "ab");
  ASSERT_TRUE(fs_->Truncate("/f", 4, IOOptions(), nullptr).ok());
  EXPECT_EQ(Read("/f"), std::string("ab\0\0", 4));
}

TEST_F(ConformanceTest, ClosedFileRefusesWritesAndClosesAgain) {
  const auto file = Writable("/f");
  ASSERT_TRUE(file->Close(IOOptions(), nullptr).ok());
  EXPECT_TRUE(file->Append("x", IOOptions(), nullptr).IsIOError());
  EXPECT_TRUE(file->Sync(IOOptions(), nullptr).IsIOError());
  EXPECT_TRUE(file->Flush(IOOptions(), nullptr).IsIOError());
  EXPECT_TRUE(file->Close(IOOptions(), nullptr).ok());
}

TEST_F(ConformanceTest, EmptyFileSyncsFlushesAndCloses) {
  const auto file = Writable("/f");
  EXPECT_TRUE(file->Append("", IOOptions(), nullptr).ok());
  EXPECT_TRUE(file->Flush(IOOptions(), nullptr).ok());
  EXPECT_TRUE(file->Sync(IOOptions(), nullptr).ok());
  EXPECT_TRUE(file->Fsync(IOOptions(), nullptr).ok());
  EXPECT_TRUE(file->RangeSync(0, 0, IOOptions(), nullptr).ok());
  EXPECT_TRUE(file->IsSyncThreadSafe());
  EXPECT_FALSE(file->use_direct_io());
  EXPECT_TRUE(file->Close(IOOptions(), nullptr).ok());
  EXPECT_EQ(SizeOf("/f"), 0u);
}

TEST_F(ConformanceTest, BytesHaveNoOtherPlaceThanTheEnd) {
  const auto file = Writable("/f");
  ASSERT_TRUE(file->Append("abc", IOOptions(), nullptr).ok());
  EXPECT_TRUE(file->PositionedAppend("x", 0, IOOptions(), nullptr).IsNotSupported());
  ASSERT_TRUE(file->Close(IOOptions(), nullptr).ok());
  EXPECT_EQ(Read("/f"), "abc");
}

TEST_F(ConformanceTest, DeletedFileWorksUntilItIsClosed) {
  for (const char* path : {"/000001.log", "/000001.sst"}) {
    const auto file = Writable(path);
    ASSERT_TRUE(file->Append("one ", IOOptions(), nullptr).ok());
    std::unique_ptr<rocksdb::FSRandomAccessFile> reader;
    ASSERT_TRUE(fs_->NewRandomAccessFile(path, FileOptions(), &reader, nullptr).ok());
    ASSERT_TRUE(fs_->DeleteFile(path, IOOptions(), nullptr).ok());
    EXPECT_FALSE(Exists(path));
    EXPECT_THAT(Children("/"), IsEmpty());
    Write(path, "another file of that name");
    ASSERT_TRUE(file->Append("two", IOOptions(), nullptr).ok());
    ASSERT_TRUE(file->Sync(IOOptions(), nullptr).ok());
    ASSERT_TRUE(file->Close(IOOptions(), nullptr).ok());
    char scratch[16];
    Slice result;
    ASSERT_TRUE(reader->Read(0, sizeof(scratch), IOOptions(), &result, scratch, nullptr).ok());
    EXPECT_EQ(result.ToString(), "one two");
    EXPECT_EQ(Read(path), "another file of that name");
    ASSERT_TRUE(fs_->DeleteFile(path, IOOptions(), nullptr).ok());
  }
}

TEST_F(ConformanceTest, RenamedFileIsWrittenOnUnderItsNewName) {
  const auto file = Writable("/000001.dbtmp");
  ASSERT_TRUE(file->Append("one ", IOOptions(), nullptr).ok());
  ASSERT_TRUE(fs_->RenameFile("/000001.dbtmp", "/CURRENT", IOOptions(), nullptr).ok());
  ASSERT_TRUE(fs_->RenameFile("/CURRENT", "/CURRENT", IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Append("two", IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Close(IOOptions(), nullptr).ok());
  EXPECT_EQ(Read("/CURRENT"), "one two");
  EXPECT_FALSE(Exists("/000001.dbtmp"));
}

TEST_F(ConformanceTest, FileThatIsNeverClosedIsClosedByItsDestructor) {
  ASSERT_TRUE(Writable("/f")->Append("x", IOOptions(), nullptr).ok());
  EXPECT_EQ(Read("/f"), "x");
  EXPECT_TRUE(mount_->Unmount().ok());
}

TEST_F(ConformanceTest, LogsAreToldByTheirNames) {
  Write("/db/000123.log", "x");
  Write("/db/000123.sst", "x");
  EXPECT_EQ(blobfs_->Stat("/db/000123.log")->kind, ashlar::FileKind::kLog);
  EXPECT_EQ(blobfs_->Stat("/db/000123.sst")->kind, ashlar::FileKind::kData);
}

// --- reading -------------------------------------------------------------------------------------

TEST_F(ConformanceTest, RandomReadsEndAtTheEnd) {
  Write("/f", "0123456789");
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  ASSERT_TRUE(fs_->NewRandomAccessFile("/f", FileOptions(), &file, nullptr).ok());
  char scratch[16];
  Slice result;
  for (const auto& [offset, size, expected] :
       std::vector<std::tuple<uint64_t, size_t, std::string>>{
           {0, 10, "0123456789"}, {3, 4, "3456"}, {8, 8, "89"}, {10, 4, ""}, {4711, 4, ""}}) {
    ASSERT_TRUE(file->Read(offset, size, IOOptions(), &result, scratch, nullptr).ok());
    EXPECT_EQ(result.ToString(), expected);
  }
}

TEST_F(ConformanceTest, MultiReadAnswersEachRequest) {
  std::string bytes(300'000, ' ');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>('a' + i * 7 % 26);
  Write("/f", bytes);
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  ASSERT_TRUE(fs_->NewRandomAccessFile("/f", FileOptions(), &file, nullptr).ok());
  constexpr size_t kCount = 37;  // more than travel together
  std::vector<rocksdb::FSReadRequest> requests(kCount);
  std::vector<std::string> scratch(kCount, std::string(9000, '\0'));
  for (size_t i = 0; i < kCount; ++i) {
    requests[i].offset = i * 8191;
    requests[i].len = 100 + i * 211;
    requests[i].scratch = scratch[i].data();
  }
  requests[kCount - 1].offset = bytes.size() - 5;
  requests[kCount - 2].offset = bytes.size();
  requests[kCount - 3].offset = bytes.size() + 100'000;
  ASSERT_TRUE(file->MultiRead(requests.data(), kCount, IOOptions(), nullptr).ok());
  for (const rocksdb::FSReadRequest& request : requests) {
    ASSERT_TRUE(request.status.ok()) << request.status.ToString();
    const size_t begin = std::min<size_t>(request.offset, bytes.size());
    EXPECT_EQ(request.result.ToString(), bytes.substr(begin, request.len));
  }
}

TEST_F(ConformanceTest, SequentialReadsGoOnAndSkip) {
  Write("/f", "0123456789");
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  ASSERT_TRUE(fs_->NewSequentialFile("/f", FileOptions(), &file, nullptr).ok());
  char scratch[16];
  Slice result;
  ASSERT_TRUE(file->Read(3, IOOptions(), &result, scratch, nullptr).ok());
  EXPECT_EQ(result.ToString(), "012");
  ASSERT_TRUE(file->Skip(2).ok());
  ASSERT_TRUE(file->Read(16, IOOptions(), &result, scratch, nullptr).ok());
  EXPECT_EQ(result.ToString(), "56789");
  ASSERT_TRUE(file->Read(16, IOOptions(), &result, scratch, nullptr).ok());
  EXPECT_EQ(result.size(), 0u);
  ASSERT_TRUE(file->Skip(100).ok());
  ASSERT_TRUE(file->Read(16, IOOptions(), &result, scratch, nullptr).ok());
  EXPECT_EQ(result.size(), 0u);
}

TEST_F(ConformanceTest, LargeWritesAreReadBackInPieces) {
  std::string bytes = "foo";
  for (size_t i = 0; i < 300 * 1024; ++i) bytes.push_back(static_cast<char>(i));
  Write("/f", bytes);
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  ASSERT_TRUE(fs_->NewSequentialFile("/f", FileOptions(), &file, nullptr).ok());
  std::string got;
  std::string scratch(100'003, '\0');
  Slice result;
  do {
    ASSERT_TRUE(file->Read(scratch.size(), IOOptions(), &result, scratch.data(), nullptr).ok());
    got.append(result.data(), result.size());
  } while (!result.empty());
  EXPECT_TRUE(got == bytes);
}

// As those do who follow the log of a database that is open.
TEST_F(ConformanceTest, ReaderAtTheEndSeesWhatIsAppendedLater) {
  for (const char* path : {"/000001.log", "/000001.sst"}) {
    const auto file = Writable(path);
    ASSERT_TRUE(file->Append("one", IOOptions(), nullptr).ok());
    std::unique_ptr<rocksdb::FSSequentialFile> reader;
    ASSERT_TRUE(fs_->NewSequentialFile(path, FileOptions(), &reader, nullptr).ok());
    char scratch[16];
    Slice result;
    for (const char* expected : {"one", "", "two", ""}) {
      ASSERT_TRUE(reader->Read(sizeof(scratch), IOOptions(), &result, scratch, nullptr).ok());
      EXPECT_EQ(result.ToString(), expected) << path;
      if (*expected == '\0') {
        ASSERT_TRUE(file->Append("two", IOOptions(), nullptr).ok());
      }
    }
  }
}

TEST_F(ConformanceTest, AsyncReadIsDoneWhenItReturns) {
  Write("/f", "0123456789");
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  ASSERT_TRUE(fs_->NewRandomAccessFile("/f", FileOptions(), &file, nullptr).ok());
  char scratch[16];
  rocksdb::FSReadRequest request;
  request.offset = 2;
  request.len = 3;
  request.scratch = scratch;
  std::string got;
  void* handle = nullptr;
  rocksdb::IOHandleDeleter deleter;
  ASSERT_TRUE(file->ReadAsync(
                      request, IOOptions(),
                      [](const rocksdb::FSReadRequest& done, void* into) {
                        *static_cast<std::string*>(into) = done.result.ToString();
                      },
                      &got, &handle, &deleter, nullptr)
                  .ok());
  EXPECT_EQ(got, "234");
  std::vector<void*> handles;
  EXPECT_TRUE(fs_->Poll(handles, 0).ok());
  EXPECT_TRUE(fs_->AbortIO(handles).ok());
}

// --- folders -------------------------------------------------------------------------------------

TEST_F(ConformanceTest, EmptyFolderIsThereFromItsCreationToItsRemoval) {
  const IOOptions io;
  ASSERT_TRUE(fs_->CreateDir("/db", io, nullptr).ok());
  EXPECT_TRUE(fs_->CreateDir("/db", io, nullptr).IsIOError());
  EXPECT_TRUE(fs_->CreateDirIfMissing("/db", io, nullptr).ok());
  EXPECT_THAT(Children("/"), ElementsAre("db"));
  EXPECT_THAT(Children("/db"), IsEmpty());
  bool is_directory = false;
  ASSERT_TRUE(fs_->IsDirectory("/db", io, &is_directory, nullptr).ok());
  EXPECT_TRUE(is_directory);
  EXPECT_TRUE(Exists("/db"));
  Write("/db/f", "x");
  EXPECT_TRUE(fs_->DeleteDir("/db", io, nullptr).IsIOError());
  ASSERT_TRUE(fs_->DeleteFile("/db/f", io, nullptr).ok());
  EXPECT_TRUE(Exists("/db"));
  ASSERT_TRUE(fs_->DeleteDir("/db", io, nullptr).ok());
  EXPECT_FALSE(Exists("/db"));
  EXPECT_THAT(Children("/"), IsEmpty());
}

TEST_F(ConformanceTest, ChildrenAreFilesAndFoldersOfOneLevel) {
  Write("/db/a", "1");
  Write("/db/b", "22");
  Write("/db/sub/c", "333");
  Write("/db2/d", "4444");
  EXPECT_THAT(Children("/db"), UnorderedElementsAre("a", "b", "sub"));
  EXPECT_THAT(Children("/db/"), UnorderedElementsAre("a", "b", "sub"));
  EXPECT_THAT(Children("/"), UnorderedElementsAre("db", "db2"));
  IOOptions files_only;
  files_only.do_not_recurse = true;
  std::vector<rocksdb::FileAttributes> files;
  ASSERT_TRUE(fs_->GetChildrenFileAttributes("/db", files_only, &files, nullptr).ok());
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].name, "a");
  EXPECT_EQ(files[1].size_bytes, 2u);
  for (const rocksdb::FileAttributes& file : files) {
    EXPECT_EQ(file.size_bytes, SizeOf("/db/" + file.name));
  }
}

TEST_F(ConformanceTest, FilesAndFoldersAreNotTakenForEachOther) {
  Write("/f", "x");
  Write("/d/f", "x");
  const IOOptions io;
  EXPECT_TRUE(fs_->CreateDirIfMissing("/f", io, nullptr).IsIOError());
  std::unique_ptr<rocksdb::FSDirectory> directory;
  EXPECT_TRUE(fs_->NewDirectory("/f", io, &directory, nullptr).IsIOError());
  std::unique_ptr<rocksdb::FSWritableFile> file;
  EXPECT_TRUE(fs_->NewWritableFile("/d", FileOptions(), &file, nullptr).IsIOError());
  EXPECT_TRUE(fs_->RenameFile("/f", "/d", io, nullptr).IsIOError());
  std::vector<std::string> names;
  EXPECT_FALSE(fs_->GetChildren("/f", io, &names, nullptr).ok());
  EXPECT_THAT(names, IsEmpty());
  EXPECT_FALSE(fs_->DeleteFile("/d", io, nullptr).ok());
  EXPECT_FALSE(fs_->DeleteDir("/f", io, nullptr).ok());
  bool is_directory = true;
  ASSERT_TRUE(fs_->IsDirectory("/f", io, &is_directory, nullptr).ok());
  EXPECT_FALSE(is_directory);
  rocksdb::FileLock* lock = nullptr;
  EXPECT_TRUE(fs_->LockFile("/d", io, &lock, nullptr).IsIOError());
  EXPECT_EQ(lock, nullptr);
  EXPECT_THAT(Children("/"), UnorderedElementsAre("f", "d"));
  uint64_t seconds = 0;
  EXPECT_TRUE(fs_->GetFileModificationTime("/d", io, &seconds, nullptr).ok());
  EXPECT_EQ(Read("/f"), "x");
}

TEST_F(ConformanceTest, DirectorySyncsAndCloses) {
  ASSERT_TRUE(fs_->CreateDir("/db", IOOptions(), nullptr).ok());
  std::unique_ptr<rocksdb::FSDirectory> directory;
  ASSERT_TRUE(fs_->NewDirectory("/db", IOOptions(), &directory, nullptr).ok());
  EXPECT_TRUE(directory->Fsync(IOOptions(), nullptr).ok());
  EXPECT_TRUE(
      directory->FsyncWithDirOptions(IOOptions(), nullptr, rocksdb::DirFsyncOptions("/db/CURRENT"))
          .ok());
  EXPECT_TRUE(directory->Close(IOOptions(), nullptr).ok());
}

// --- names ---------------------------------------------------------------------------------------

TEST_F(ConformanceTest, PathsAreTakenInAnySpelling) {
  Write("/db//a", "x");
  EXPECT_EQ(Read("/db/a"), "x");
  EXPECT_EQ(Read("db/./b/../a"), "x");
  std::string absolute;
  ASSERT_TRUE(fs_->GetAbsolutePath("db//x/", IOOptions(), &absolute, nullptr).ok());
  EXPECT_EQ(absolute, "/db/x");
  bool same = false;
  ASSERT_TRUE(fs_->AreFilesSame("/db/a", "//db/a", IOOptions(), &same, nullptr).ok());
  EXPECT_TRUE(same);
  Write("/db/b", "x");
  ASSERT_TRUE(fs_->AreFilesSame("/db/a", "/db/b", IOOptions(), &same, nullptr).ok());
  EXPECT_FALSE(same);
}

TEST_F(ConformanceTest, RenameReplacesAndTakesFoldersAlong) {
  Write("/a", "1");
  Write("/b", "2");
  ASSERT_TRUE(fs_->RenameFile("/a", "/b", IOOptions(), nullptr).ok());
  EXPECT_EQ(Read("/b"), "1");
  EXPECT_FALSE(Exists("/a"));

  ASSERT_TRUE(fs_->CreateDir("/from", IOOptions(), nullptr).ok());
  Write("/from/CURRENT", "c");
  Write("/from/x/y", "z");
  ASSERT_TRUE(fs_->RenameFile("/from", "/to", IOOptions(), nullptr).ok());
  EXPECT_FALSE(Exists("/from"));
  EXPECT_EQ(Read("/to/CURRENT"), "c");
  EXPECT_EQ(Read("/to/x/y"), "z");
  EXPECT_TRUE(fs_->RenameFile("/to", "/to/x/deeper", IOOptions(), nullptr).IsInvalidArgument());
}

TEST_F(ConformanceTest, BadNamesAreInvalidArguments) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  for (const std::string& path :
       {"/" + std::string(300, 'x'), std::string("/a\0b", 4), std::string("/.ashlar/space/0")}) {
    EXPECT_TRUE(fs_->NewWritableFile(path, FileOptions(), &file, nullptr).IsInvalidArgument())
        << path;
  }
}

TEST_F(ConformanceTest, LinksAreNotThere) {
  Write("/a", "1");
  EXPECT_TRUE(fs_->LinkFile("/a", "/b", IOOptions(), nullptr).IsNotSupported());
  uint64_t links = 0;
  ASSERT_TRUE(fs_->NumFileLinks("/a", IOOptions(), &links, nullptr).ok());
  EXPECT_EQ(links, 1u);
  std::unique_ptr<rocksdb::FSRandomRWFile> rw;
  EXPECT_TRUE(fs_->NewRandomRWFile("/a", FileOptions(), &rw, nullptr).IsNotSupported());
  std::unique_ptr<rocksdb::MemoryMappedFileBuffer> map;
  EXPECT_TRUE(fs_->NewMemoryMappedFileBuffer("/a", &map).IsNotSupported());
}

// --- the rest ------------------------------------------------------------------------------------

TEST_F(ConformanceTest, LockIsExclusiveAndItsFileStays) {
  rocksdb::FileLock* one = nullptr;
  rocksdb::FileLock* two = nullptr;
  ASSERT_TRUE(fs_->LockFile("/db/LOCK", IOOptions(), &one, nullptr).ok());
  const IOStatus refused = fs_->LockFile("/db//LOCK", IOOptions(), &two, nullptr);
  EXPECT_TRUE(refused.IsBusy());
  EXPECT_NE(refused.ToString().find("lock file"), std::string::npos) << refused.ToString();
  EXPECT_EQ(two, nullptr);
  ASSERT_TRUE(fs_->UnlockFile(one, IOOptions(), nullptr).ok());
  EXPECT_TRUE(Exists("/db/LOCK"));
  ASSERT_TRUE(fs_->LockFile("/db/LOCK", IOOptions(), &two, nullptr).ok());
  ASSERT_TRUE(fs_->UnlockFile(two, IOOptions(), nullptr).ok());
}

TEST_F(ConformanceTest, FreeSpaceShrinksAsFilesGrow) {
  Write("/first", "x");  // with it the clusters for new logs are set aside
  uint64_t before = 0;
  ASSERT_TRUE(fs_->GetFreeSpace("/db", IOOptions(), &before, nullptr).ok());
  Write("/f", std::string(8u << 20, 'x'));
  uint64_t after = 0;
  ASSERT_TRUE(fs_->GetFreeSpace("/db", IOOptions(), &after, nullptr).ok());
  EXPECT_GE(before - after, 8u << 20);
  EXPECT_LT(before - after, 10u << 20);
}

TEST_F(ConformanceTest, FullDeviceIsARetryableNoSpace) {
  const auto file = Writable("/f");
  const std::string piece(1u << 20, 'x');
  IOStatus status;
  for (uint64_t i = 0; status.ok() && i <= kDeviceBytes >> 20; ++i) {
    status = file->Append(piece, IOOptions(), nullptr);
    if (status.ok()) status = file->Sync(IOOptions(), nullptr);
  }
  EXPECT_TRUE(status.IsNoSpace()) << status.ToString();
  EXPECT_TRUE(status.GetRetryable());
  EXPECT_FALSE(status.GetDataLoss());
}

TEST_F(ConformanceTest, LoggerWritesIntoTheFileSystem) {
  std::shared_ptr<rocksdb::Logger> logger;
  ASSERT_TRUE(fs_->NewLogger("/db/LOG", IOOptions(), &logger, nullptr).ok());
  logger->SetInfoLogLevel(rocksdb::InfoLogLevel::INFO_LEVEL);
  rocksdb::Info(logger.get(), "the answer is %d", 42);
  logger->Flush();
  EXPECT_NE(Read("/db/LOG").find("the answer is 42"), std::string::npos);
  EXPECT_GT(logger->GetLogFileSize(), 10u);
  EXPECT_TRUE(logger->Close().ok());
}

TEST_F(ConformanceTest, TestDirectoryIsThere) {
  std::string path;
  ASSERT_TRUE(fs_->GetTestDirectory(IOOptions(), &path, nullptr).ok());
  bool is_directory = false;
  ASSERT_TRUE(fs_->IsDirectory(path, IOOptions(), &is_directory, nullptr).ok());
  EXPECT_TRUE(is_directory);
}

TEST_F(ConformanceTest, ModificationTimeIsOfThisCentury) {
  Write("/f", "x");
  uint64_t seconds = 0;
  ASSERT_TRUE(fs_->GetFileModificationTime("/f", IOOptions(), &seconds, nullptr).ok());
  EXPECT_GT(seconds, 1'600'000'000u);
  EXPECT_LT(seconds, 4'100'000'000u);
}

TEST_F(ConformanceTest, MemoryMapsAndDirectIoAreTurnedOff) {
  FileOptions options;
  options.use_mmap_reads = options.use_mmap_writes = true;
  options.use_direct_reads = options.use_direct_writes = true;
  fs_->SanitizeFileOptions(&options);
  EXPECT_FALSE(options.use_mmap_reads || options.use_mmap_writes);
  EXPECT_FALSE(options.use_direct_reads || options.use_direct_writes);
}

// --- the mount -----------------------------------------------------------------------------------

TEST_F(ConformanceTest, OpenFilesAndLocksKeepTheMount) {
  const auto file = Writable("/db/f");
  EXPECT_EQ(mount_->Unmount().code(), StatusCode::kBusy);
  ASSERT_TRUE(file->Close(IOOptions(), nullptr).ok());
  rocksdb::FileLock* lock = nullptr;
  ASSERT_TRUE(fs_->LockFile("/db/LOCK", IOOptions(), &lock, nullptr).ok());
  const Status refused = mount_->Unmount();
  EXPECT_EQ(refused.code(), StatusCode::kBusy);
  EXPECT_NE(refused.context().find("/db/LOCK"), std::string::npos) << refused.context();
  ASSERT_TRUE(fs_->UnlockFile(lock, IOOptions(), nullptr).ok());
  EXPECT_TRUE(mount_->Unmount().ok());
  EXPECT_TRUE(mount_->Unmount().ok());
}

TEST_F(ConformanceTest, AfterUnmountEverythingIsAnError) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  ASSERT_TRUE(fs_->NewDirectory("/", IOOptions(), &directory, nullptr).ok());
  ASSERT_TRUE(mount_->Unmount().ok());
  blobfs_.reset();
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::FileLock* lock = nullptr;
  std::vector<std::string> names;
  uint64_t number = 0;
  EXPECT_TRUE(fs_->NewWritableFile("/f", FileOptions(), &file, nullptr).IsIOError());
  EXPECT_TRUE(fs_->FileExists("/f", IOOptions(), nullptr).IsIOError());
  EXPECT_TRUE(fs_->GetChildren("/", IOOptions(), &names, nullptr).IsIOError());
  EXPECT_TRUE(fs_->DeleteFile("/f", IOOptions(), nullptr).IsIOError());
  EXPECT_TRUE(fs_->LockFile("/f", IOOptions(), &lock, nullptr).IsIOError());
  EXPECT_TRUE(fs_->GetFreeSpace("/", IOOptions(), &number, nullptr).IsIOError());
  EXPECT_TRUE(directory->Fsync(IOOptions(), nullptr).IsIOError());
}

}  // namespace

}  // namespace ashlar::rocks
