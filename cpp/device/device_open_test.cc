// Opening and creating devices: what is refused, with which code and remedy, and who holds the
// lock.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"
#include "cpp/device/device.h"
#include "cpp/device/unique_fd.h"
#include "cpp/testing/loop_device.h"
#include "cpp/testing/sync_io.h"
#include "cpp/testing/temp_dir.h"

namespace ashlar {
namespace {

constexpr uint64_t kFileBytes = kMiB;

class DeviceOpenTest : public ::testing::Test {
 protected:
  DeviceSpec FileSpec(const std::string& name) {
    DeviceSpec spec;
    spec.kind = DeviceKind::kFile;
    spec.path = folder_.Join(name);
    return spec;
  }

  DeviceSpec CreateSpec(const std::string& name, uint64_t size_bytes = kFileBytes) {
    DeviceSpec spec = FileSpec(name);
    spec.create = true;
    spec.size_bytes = size_bytes;
    return spec;
  }

  // A sparse file of that length.
  DeviceSpec ExistingFile(const std::string& name, uint64_t size_bytes) {
    const DeviceSpec spec = FileSpec(name);
    const UniqueFd fd(open(spec.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_TRUE(fd.valid());
    EXPECT_EQ(ftruncate(fd.get(), static_cast<off_t>(size_bytes)), 0);
    return spec;
  }

  TempDir folder_;
};

// The code is as expected and the text names the path.
::testing::AssertionResult Refused(const DeviceSpec& spec, StatusCode code,
                                   const std::string& text = "") {
  const Status status = OpenDevice(spec).status();
  if (status.code() != code) {
    return ::testing::AssertionFailure() << "the result was: " << status.ToString();
  }
  if (status.ToString().find(text.empty() ? spec.path : text) == std::string::npos) {
    return ::testing::AssertionFailure() << "this is not helpful: " << status.ToString();
  }
  return ::testing::AssertionSuccess();
}

// What `run` returns, run in a child process; -1 when the child died otherwise.
int InChild(const std::function<int()>& run) {
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A file system of its own size, unmounted with its owner.
class SmallFileSystem {
 public:
  SmallFileSystem(const std::string& path, const char* options) : path_(path) {
    mkdir(path.c_str(), 0700);
    mounted_ = mount("tmpfs", path.c_str(), "tmpfs", 0, options) == 0;
  }
  ~SmallFileSystem() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  const std::string path_;
  bool mounted_;
};

TEST_F(DeviceOpenTest, ANewFileIsPrivateAndHasItsSpaceReserved) {
  const DeviceSpec spec = CreateSpec("new");
  Result<std::unique_ptr<Device>> device = OpenDevice(spec);
  ASSERT_TRUE(device.ok()) << device.status().ToString();
  struct stat file;
  ASSERT_EQ(stat(spec.path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  EXPECT_EQ(file.st_size, static_cast<off_t>(kFileBytes));
  EXPECT_GE(file.st_blocks * 512, static_cast<off_t>(kFileBytes));
}

TEST_F(DeviceOpenTest, CreatingOverAnExistingFileIsRefusedAndLeavesIt) {
  const DeviceSpec spec = CreateSpec("old");
  std::ofstream(spec.path) << "precious";
  EXPECT_TRUE(Refused(spec, StatusCode::kAlreadyExists));
  std::string content;
  std::ifstream(spec.path) >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(DeviceOpenTest, CreatingInAMissingFolderIsRefused) {
  EXPECT_TRUE(Refused(CreateSpec("missing/file"), StatusCode::kNotFound));
}

TEST_F(DeviceOpenTest, AFileThatDoesNotFitIsRemovedAgain) {
  const SmallFileSystem small(folder_.Join("small"), "size=1m");
  if (!small.mounted()) GTEST_SKIP() << "mounting a small file system needs root";
  const DeviceSpec spec = CreateSpec("small/file", 8 * kMiB);
  EXPECT_TRUE(Refused(spec, StatusCode::kOutOfSpace));
  EXPECT_NE(access(spec.path.c_str(), F_OK), 0);
}

TEST_F(DeviceOpenTest, ASizeBeyondTheFileSystemsLimitIsRefusedAndTheFileRemoved) {
  const DeviceSpec spec = CreateSpec("huge", uint64_t{1} << 62);
  EXPECT_FALSE(OpenDevice(spec).ok());
  EXPECT_NE(access(spec.path.c_str(), F_OK), 0);
}

TEST_F(DeviceOpenTest, AWriteToAFullFileSystemReportsNoSpace) {
  const SmallFileSystem small(folder_.Join("small"), "size=1m");
  if (!small.mounted()) GTEST_SKIP() << "mounting a small file system needs root";
  for (const bool use_uring : {true, false}) {
    DeviceSpec spec = ExistingFile("small/sparse", 8 * kMiB);
    spec.use_uring = use_uring;
    Result<std::unique_ptr<Device>> device = OpenDevice(spec);
    ASSERT_TRUE(device.ok()) << device.status().ToString();
    Result<std::unique_ptr<Channel>> channel = (*device)->OpenChannel();
    ASSERT_TRUE(channel.ok());
    AlignedBuffer bytes(4 * kMiB);
    std::memset(bytes.data(), 1, bytes.size());
    EXPECT_EQ(SyncWrite(**channel, 0, bytes.span()), -ENOSPC);
  }
}

TEST_F(DeviceOpenTest, AMissingFileIsNamed) {
  EXPECT_TRUE(Refused(FileSpec("missing"), StatusCode::kNotFound));
}

TEST_F(DeviceOpenTest, ASymbolicLinkIsRefusedWhateverItPointsTo) {
  const DeviceSpec target = ExistingFile("target", kFileBytes);
  const DeviceSpec link = FileSpec("link");
  ASSERT_EQ(symlink(target.path.c_str(), link.path.c_str()), 0);
  EXPECT_TRUE(Refused(link, StatusCode::kInvalidArgument));
  EXPECT_TRUE(Refused(CreateSpec("link"), StatusCode::kAlreadyExists));
  const DeviceSpec dangling = CreateSpec("dangling");
  ASSERT_EQ(symlink("/nonexistent/file", dangling.path.c_str()), 0);
  EXPECT_TRUE(Refused(dangling, StatusCode::kAlreadyExists));
}

TEST_F(DeviceOpenTest, WhatIsNeitherFileNorBlockDeviceIsRefused) {
  const DeviceSpec folder = FileSpec("folder");
  ASSERT_EQ(mkdir(folder.path.c_str(), 0700), 0);
  EXPECT_TRUE(Refused(folder, StatusCode::kInvalidArgument));
  const DeviceSpec fifo = FileSpec("fifo");
  ASSERT_EQ(mkfifo(fifo.path.c_str(), 0600), 0);
  EXPECT_TRUE(Refused(fifo, StatusCode::kInvalidArgument));
  DeviceSpec null = FileSpec("");
  null.path = "/dev/null";
  EXPECT_TRUE(Refused(null, StatusCode::kInvalidArgument));
}

TEST_F(DeviceOpenTest, AFileWithoutPermissionIsNamed) {
  const DeviceSpec spec = ExistingFile("private", kFileBytes);
  ASSERT_EQ(chmod(spec.path.c_str(), 0400), 0);
  EXPECT_EQ(InChild([&] {
              // Root may open anything, so stop being it; the folder must let us through.
              if (chmod(folder_.path().c_str(), 0755) != 0) return 1;
              if (geteuid() == 0 &&
                  (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0)) {
                return 2;
              }
              return Refused(spec, StatusCode::kIoError) ? 0 : 3;
            }),
            0);
}

TEST_F(DeviceOpenTest, AFileTooSmallForOnePageIsRefused) {
  EXPECT_TRUE(Refused(ExistingFile("empty", 0), StatusCode::kInvalidArgument));
  EXPECT_TRUE(Refused(ExistingFile("small", 4095), StatusCode::kInvalidArgument));
}

TEST_F(DeviceOpenTest, AFileShorterThanItShouldBeIsRefused) {
  DeviceSpec spec = ExistingFile("cut", kFileBytes - 1);
  spec.size_bytes = kFileBytes;
  EXPECT_TRUE(Refused(spec, StatusCode::kInvalidArgument));
  EXPECT_TRUE(Refused(spec, StatusCode::kInvalidArgument, std::to_string(kFileBytes)));
}

TEST_F(DeviceOpenTest, ALengthThatIsNotWholePagesIsRoundedDown) {
  Result<std::unique_ptr<Device>> device = OpenDevice(ExistingFile("odd", kFileBytes + 4095));
  ASSERT_TRUE(device.ok()) << device.status().ToString();
  EXPECT_EQ((*device)->info().size_bytes, kFileBytes);
}

TEST_F(DeviceOpenTest, AWantedSizeSmallerThanTheFileIsUsed) {
  DeviceSpec spec = ExistingFile("larger", 2 * kFileBytes);
  spec.size_bytes = kFileBytes;
  Result<std::unique_ptr<Device>> device = OpenDevice(spec);
  ASSERT_TRUE(device.ok()) << device.status().ToString();
  EXPECT_EQ((*device)->info().size_bytes, kFileBytes);
}

TEST_F(DeviceOpenTest, ArgumentsOutOfRangeAreNamed) {
  DeviceSpec spec;
  spec.size_bytes = 0;
  EXPECT_TRUE(Refused(spec, StatusCode::kInvalidArgument, "size_bytes"));
  spec.size_bytes = 4097;
  EXPECT_TRUE(Refused(spec, StatusCode::kInvalidArgument, "4097"));
  spec.size_bytes = uint64_t{1} << 63;
  EXPECT_TRUE(Refused(spec, StatusCode::kInvalidArgument, "9223372036854775808"));
  spec.size_bytes = kFileBytes;
  spec.sector_bytes = 1024;
  EXPECT_TRUE(Refused(spec, StatusCode::kInvalidArgument, "1024"));
  spec.kind = static_cast<DeviceKind>(17);
  EXPECT_TRUE(Refused(spec, StatusCode::kInvalidArgument, "17"));
  spec.kind = DeviceKind::kCrash;
  EXPECT_TRUE(Refused(spec, StatusCode::kNotSupported, "testing"));

  DeviceSpec file = CreateSpec("file", 0);
  EXPECT_TRUE(Refused(file, StatusCode::kInvalidArgument, "size_bytes"));
  file.size_bytes = kFileBytes;
  file.read_only = true;
  EXPECT_TRUE(Refused(file, StatusCode::kInvalidArgument));
  file.path = "";
  EXPECT_TRUE(Refused(file, StatusCode::kInvalidArgument, "path"));
  file.path = std::string("a\0b", 3);
  EXPECT_TRUE(Refused(file, StatusCode::kInvalidArgument, "path"));
}

// 2 TiB are 2^32 sectors of 512 bytes: whoever counts them in 32 bits comes round.
TEST_F(DeviceOpenTest, BytesBeyondTwoTebibytesHaveTheirOwnPlace) {
  constexpr uint64_t kTwoTebibytes = uint64_t{2} << 40;
  for (const bool use_uring : {true, false}) {
    DeviceSpec spec = ExistingFile("huge", kTwoTebibytes + kMiB);
    spec.use_uring = use_uring;
    Result<std::unique_ptr<Device>> device = OpenDevice(spec);
    ASSERT_TRUE(device.ok()) << device.status().ToString();
    ASSERT_EQ((*device)->info().size_bytes, kTwoTebibytes + kMiB);
    Result<std::unique_ptr<Channel>> channel = (*device)->OpenChannel();
    ASSERT_TRUE(channel.ok());
    AlignedBuffer low(kPageBytes);
    AlignedBuffer high(kPageBytes);
    std::memset(low.data(), 1, kPageBytes);
    std::memset(high.data(), 2, kPageBytes);
    EXPECT_EQ(SyncWrite(**channel, 2 * kPageBytes, low.span()), 0);
    EXPECT_EQ(SyncWrite(**channel, kTwoTebibytes + 2 * kPageBytes, high.span()), 0);
    EXPECT_EQ(SyncRead(**channel, 2 * kPageBytes, high.span()), 0);
    EXPECT_EQ(high.data()[0], 1);
    EXPECT_EQ(SyncRead(**channel, kTwoTebibytes + 2 * kPageBytes, low.span()), 0);
    EXPECT_EQ(low.data()[0], 2);
    EXPECT_EQ((*device)->ReadInline(kTwoTebibytes + 2 * kPageBytes, low.data(), kPageBytes), 0);
    EXPECT_EQ(low.data()[0], 2);
  }
}

TEST_F(DeviceOpenTest, MemoryMayBeFarLargerThanTheMachine) {
  DeviceSpec spec;
  spec.size_bytes = uint64_t{1} << 42;
  Result<std::unique_ptr<Device>> device = OpenDevice(spec);
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  if (!device.ok()) GTEST_SKIP() << "no room beside the sanitizer's shadow memory";
#endif
  ASSERT_TRUE(device.ok()) << device.status().ToString();
  AlignedBuffer page(kPageBytes);
  EXPECT_EQ((*device)->ReadInline(spec.size_bytes - kPageBytes, page.data(), kPageBytes), 0);
}

TEST_F(DeviceOpenTest, MemoryThatCannotBeHadIsAnError) {
  DeviceSpec spec;
  spec.size_bytes = uint64_t{1} << 60;
  EXPECT_TRUE(Refused(spec, StatusCode::kOutOfMemory, std::to_string(spec.size_bytes)));
}

TEST_F(DeviceOpenTest, OneOpenerAtATime) {
  DeviceSpec spec = CreateSpec("locked");
  for (const bool use_uring : {true, false}) {
    spec.use_uring = use_uring;
    Result<std::unique_ptr<Device>> first = OpenDevice(spec);
    ASSERT_TRUE(first.ok()) << first.status().ToString();
    // With a channel, which has the file registered with its ring.
    Result<std::unique_ptr<Channel>> channel = (*first)->OpenChannel();
    ASSERT_TRUE(channel.ok());
    spec.create = false;
    EXPECT_TRUE(Refused(spec, StatusCode::kBusy)) << "in this process";
    EXPECT_EQ(InChild([&] { return Refused(spec, StatusCode::kBusy) ? 0 : 1; }), 0)
        << "in another process";
    spec.read_only = true;
    EXPECT_TRUE(Refused(spec, StatusCode::kBusy)) << "even to read";
    spec.read_only = false;
  }
  EXPECT_TRUE(OpenDevice(spec).ok()) << "once it is closed";
}

TEST_F(DeviceOpenTest, ALockGoesWithItsProcessHoweverThatEnds) {
  const DeviceSpec spec = ExistingFile("locked", kFileBytes);
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Result<std::unique_ptr<Device>> device = OpenDevice(spec);
    Result<std::unique_ptr<Channel>> channel = (*device)->OpenChannel();
    const char ok = channel.ok() ? 'y' : 'n';
    if (write(ready[1], &ok, 1) != 1) _exit(1);
    while (true) pause();
  }
  char ok = 0;
  ASSERT_EQ(read(ready[0], &ok, 1), 1);
  EXPECT_EQ(ok, 'y');
  EXPECT_TRUE(Refused(spec, StatusCode::kBusy));
  kill(child, SIGKILL);
  int status;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  const Status after = OpenDevice(spec).status();
  EXPECT_TRUE(after.ok()) << after.ToString();
  close(ready[0]);
  close(ready[1]);
}

TEST_F(DeviceOpenTest, ABlockDeviceHasOneOpenerToo) {
  DeviceSpec spec = FileSpec("backing");
  Result<LoopDevice> loop = LoopDevice::Attach(spec.path, kFileBytes, 512);
  if (!loop.ok()) GTEST_SKIP() << "no loop device: " << loop.status().ToString();
  spec.path = loop->path();
  {
    Result<std::unique_ptr<Device>> first = OpenDevice(spec);
    ASSERT_TRUE(first.ok()) << first.status().ToString();
    Result<std::unique_ptr<Channel>> channel = (*first)->OpenChannel();
    ASSERT_TRUE(channel.ok());
    EXPECT_TRUE(Refused(spec, StatusCode::kBusy));
    EXPECT_EQ(InChild([&] { return Refused(spec, StatusCode::kBusy) ? 0 : 1; }), 0);
  }
  EXPECT_TRUE(OpenDevice(spec).ok());
  spec.create = true;
  spec.size_bytes = kFileBytes;
  EXPECT_TRUE(Refused(spec, StatusCode::kAlreadyExists));
}

TEST_F(DeviceOpenTest, ABlockDevicesGeometryIsTheDrives) {
  for (const uint32_t sector_bytes : {512u, 4096u}) {
    DeviceSpec spec = FileSpec("backing" + std::to_string(sector_bytes));
    Result<LoopDevice> loop = LoopDevice::Attach(spec.path, kFileBytes, sector_bytes);
    if (!loop.ok()) GTEST_SKIP() << "no loop device: " << loop.status().ToString();
    spec.path = loop->path();
    Result<std::unique_ptr<Device>> device = OpenDevice(spec);
    ASSERT_TRUE(device.ok()) << device.status().ToString();
    EXPECT_EQ((*device)->info().sector_bytes, sector_bytes);
    EXPECT_EQ((*device)->info().atomic_write_bytes, sector_bytes);
    EXPECT_EQ((*device)->info().size_bytes, kFileBytes);
    EXPECT_TRUE((*device)->info().volatile_cache);
  }
}

// The file gets shorter behind the device's back.
TEST_F(DeviceOpenTest, ReadsBehindTheEndOfAFileThatWasCutAreErrors) {
  for (const bool use_uring : {true, false}) {
    for (const bool use_direct_io : {true, false}) {
      DeviceSpec spec = ExistingFile("cut", kFileBytes);
      spec.use_uring = use_uring;
      spec.use_direct_io = use_direct_io;
      Result<std::unique_ptr<Device>> device = OpenDevice(spec);
      ASSERT_TRUE(device.ok()) << device.status().ToString();
      Result<std::unique_ptr<Channel>> channel = (*device)->OpenChannel();
      ASSERT_TRUE(channel.ok());
      ASSERT_EQ(truncate(spec.path.c_str(), 10'000), 0);
      AlignedBuffer buffer(4 * kPageBytes);
      EXPECT_EQ(SyncRead(**channel, 0, buffer.span().first(2 * kPageBytes)), 0);
      EXPECT_EQ(SyncRead(**channel, 0, buffer.span()), -EIO) << "across the end";
      EXPECT_EQ(SyncRead(**channel, kFileBytes / 2, buffer.span()), -EIO) << "behind the end";
      EXPECT_EQ((*device)->ReadInline(0, buffer.data(), 4 * kPageBytes), -EIO);
    }
  }
}

// Makes io_uring_setup fail with EPERM from now on, as container runtimes do.
bool ForbidUring() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof(filter) / sizeof(filter[0]), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int UseDeviceWithoutUring(const DeviceSpec& spec) {
  if (!ForbidUring()) return 2;
  Result<std::unique_ptr<Device>> device = OpenDevice(spec);
  if (!device.ok() || (*device)->info().backend != "pread") return 3;
  Result<std::unique_ptr<Channel>> channel = (*device)->OpenChannel();
  if (!channel.ok()) return 4;
  AlignedBuffer page(kPageBytes);
  return SyncWrite(**channel, 0, page.span()) == 0 && SyncFlush(**channel) == 0 ? 0 : 5;
}

// A process of its own, started afresh: what io_uring can do is found out once per process.
TEST_F(DeviceOpenTest, WhereIoUringIsForbiddenThreadsDoTheWork) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(std::_Exit(UseDeviceWithoutUring(CreateSpec("file"))), ::testing::ExitedWithCode(0),
              "");
}

}  // namespace
}  // namespace ashlar
