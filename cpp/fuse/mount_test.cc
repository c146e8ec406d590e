// ashlar-fuse as its users have it: a process that serves a folder. Skipped where nothing can be
// mounted.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cpp/base/units.h"
#include "cpp/device/unique_fd.h"
#include "cpp/testing/child_process.h"
#include "cpp/testing/random.h"
#include "cpp/testing/temp_dir.h"
#include "cpp/testing/test_fs.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

constexpr int kFailed = 100;
constexpr size_t kTransfer = 1u << 20;

int ExitCode(StatusCode code) { return kFailed + static_cast<int>(code); }

class MountTest : public testing::Test {
 protected:
  void SetUp() override {
    const UniqueFd fuse(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse.valid() || geteuid() != 0) {
      GTEST_SKIP() << "needs /dev/fuse and root: " << strerror(errno);
    }
    device_ = dir_.Join("device");
    folder_ = dir_.Join("folder");
    ASSERT_EQ(mkdir(folder_.c_str(), 0700), 0);
    BlobFsDevice device = Device();
    device.device.size_bytes = 64 * kMiB;
    device.device.create = true;
    device.format = true;
    device.format_options.cluster_bytes = 64 * kKiB;
    const Result<std::unique_ptr<BlobFs>> fs = BlobFs::Open(device, {});
    ASSERT_TRUE(fs.ok()) << fs.status().ToString();
    ASSERT_TRUE(fs.value()->Close().ok());
  }

  void TearDown() override {
    if (!mount_) return;
    mount_.reset();
    umount2(folder_.c_str(), MNT_DETACH);
  }

  BlobFsDevice Device() const {
    BlobFsDevice device;
    device.device.kind = DeviceKind::kFile;
    device.device.path = device_;
    return device;
  }

  ChildProcess Command(std::vector<std::string> words) {
    words.insert(words.begin(), ASHLAR_FUSE_COMMAND);
    Result<ChildProcess> child = ChildProcess::Start(words);
    EXPECT_TRUE(child.ok()) << child.status().ToString();
    return std::move(child).value();
  }

  void Mount(std::vector<std::string> options = {}) {
    options.insert(options.end(), {device_, folder_});
    mount_.emplace(Command(options));
    const std::string line = mount_->ReadLine();
    ASSERT_TRUE(line.starts_with(device_ + " is mounted on ")) << mount_->ReadErrorLine();
  }

  int Unmount(int signal = SIGTERM) {
    mount_->Signal(signal);
    return WaitForEnd();
  }

  int WaitForEnd() {
    const int code = mount_->Wait();
    mount_.reset();
    return code;
  }

  // What a mount that must fail says, and how it exits.
  std::pair<int, std::string> Refused(const std::vector<std::string>& words) {
    ChildProcess child = Command(words);
    EXPECT_EQ(child.ReadLine(), "");
    std::string said = child.ReadErrorLine();
    return {child.Wait(), std::move(said)};
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  UniqueFd Open(const std::string& name, int flags) const {
    return UniqueFd(open(Path(name).c_str(), flags | O_CLOEXEC, 0644));
  }
  void Put(const std::string& name, const std::string& content) const {
    const UniqueFd file = Open(name, O_WRONLY | O_CREAT | O_TRUNC);
    ASSERT_TRUE(file.valid()) << name << ": " << strerror(errno);
    ASSERT_EQ(write(file.get(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()))
        << name << ": " << strerror(errno);
  }
  std::string Get(const std::string& name) const {
    const UniqueFd file = Open(name, O_RDONLY);
    if (!file.valid()) return std::string("<") + strerror(errno) + ">";
    return ReadFrom(file);
  }
  static std::string ReadFrom(const UniqueFd& file) {
    std::string content;
    std::string piece(kTransfer + 4096, '\0');
    for (;;) {
      const ssize_t length =
          pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(content.size()));
      if (length < 0) return std::string("<") + strerror(errno) + ">";
      if (length == 0) return content;
      content.append(piece, 0, static_cast<size_t>(length));
    }
  }
  // The exit code of a command line.
  static int Shell(const std::string& command) {
    const int status = system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  TempDir dir_;
  std::string device_;
  std::string folder_;
  std::optional<ChildProcess> mount_;
};

// --- what programs do
// ------------------------------------------------------------------------------

TEST_F(MountTest, TreeIsCopiedAndComparesEqual) {
  const std::string source = dir_.Join("source");
  std::filesystem::create_directories(source + "/a/b/c");
  std::filesystem::create_directories(source + "/empty");
  for (const size_t length : {0u, 1u, 4095u, 4096u, 4097u, 131'073u, 3'000'001u}) {
    std::ofstream(source + "/a/b/" + std::to_string(length)) << Pattern(length, length);
  }
  Mount();
  ASSERT_EQ(Shell("cp -r " + source + " " + folder_), 0);
  EXPECT_EQ(Shell("diff -r " + source + " " + folder_ + "/source"), 0);
  EXPECT_EQ(Shell("ls -lR " + folder_ + " > /dev/null"), 0);
  EXPECT_EQ(Unmount(), 0);
  Mount({"--read-only"});
  EXPECT_EQ(Shell("diff -r " + source + " " + folder_ + "/source"), 0);
  EXPECT_EQ(Shell("rm -rf " + folder_ + "/source 2> /dev/null"), 1);
  EXPECT_EQ(Unmount(), 0);
  Mount();
  EXPECT_EQ(Shell("rm -r " + folder_ + "/source"), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  EXPECT_EQ(Unmount(SIGINT), 0);
}

TEST_F(MountTest, WritesOfEverySizeAndKindArriveInOrder) {
  Mount();
  const std::string content = Pattern(7, 9 * kMiB + 4096);
  for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_WRONLY | O_DIRECT}) {
    const size_t piece = (flags & O_DIRECT) != 0 ? 3 * kMiB + 4096 : 5 * kMiB + 3;
    {
      const UniqueFd file = Open("f", flags | O_CREAT | O_TRUNC);
      ASSERT_TRUE(file.valid());
      void* memory = nullptr;
      ASSERT_EQ(posix_memalign(&memory, 4096, piece), 0);
      for (size_t at = 0; at < content.size();) {
        const size_t length = std::min(piece, content.size() - at);
        std::memcpy(memory, content.data() + at, length);
        ASSERT_EQ(write(file.get(), memory, length), static_cast<ssize_t>(length))
            << strerror(errno);
        at += length;
      }
      std::free(memory);
      ASSERT_EQ(fsync(file.get()), 0);
    }
    EXPECT_TRUE(Get("f") == content) << flags;
  }
  EXPECT_EQ(Unmount(), 0);
  Mount();
  EXPECT_TRUE(Get("f") == content);
}

TEST_F(MountTest, WhatWasWrittenIsSeenAtOnceByWhoeverReads) {
  Mount();
  const std::string content = Pattern(3, 100'000);
  for (const int flags : {O_WRONLY, O_RDWR}) {
    const UniqueFd writer = Open("f", flags | O_CREAT | O_TRUNC);
    const UniqueFd reader = Open("f", O_RDONLY);
    for (size_t at = 0; at < content.size(); at += 1000) {
      ASSERT_EQ(write(writer.get(), content.data() + at, 1000), 1000);
      ASSERT_TRUE(ReadFrom(reader) == content.substr(0, at + 1000)) << at;
    }
  }
}

TEST_F(MountTest, ReadersBesideAWriterSeeOnlyItsBytes) {
  Mount();
  const std::string content = Pattern(4, 3'000'000);
  for (const int flags : {O_WRONLY, O_RDWR}) {
    const UniqueFd writer = Open("f", flags | O_CREAT | O_TRUNC);
    std::thread reading([&] {
      const UniqueFd reader = Open("f", O_RDONLY);
      for (std::string seen; seen.size() < content.size();) {
        seen = ReadFrom(reader);
        ASSERT_TRUE(content.starts_with(seen)) << seen.size();
      }
    });
    for (size_t at = 0; at < content.size();) {
      const size_t length = std::min<size_t>(3333, content.size() - at);
      EXPECT_EQ(write(writer.get(), content.data() + at, length), static_cast<ssize_t>(length));
      at += length;
    }
    reading.join();
  }
}

TEST_F(MountTest, MiddleOfAFileIsOverwritten) {
  Mount();
  std::string content = Pattern(1, 500'000);
  Put("f", content);
  const auto overwrite = [&](int flags, size_t at, std::string piece) {
    const UniqueFd file = Open("f", flags);
    ASSERT_EQ(pwrite(file.get(), piece.data(), piece.size(), static_cast<off_t>(at)),
              static_cast<ssize_t>(piece.size()));
    content.resize(std::max(content.size(), at + piece.size()));
    content.replace(at, piece.size(), piece);
    EXPECT_TRUE(Get("f") == content);
  };
  overwrite(O_WRONLY, 3, "xyz");
  overwrite(O_RDWR, 65'535, "abc");
  overwrite(O_WRONLY, 200'000, Pattern(2, 150'000));
  overwrite(O_WRONLY, 499'999, "the end");
  overwrite(O_RDWR, 600'001, "behind a gap");
  ASSERT_EQ(Shell("printf dd | dd of=" + Path("f") + " bs=1 seek=70000 conv=notrunc status=none"),
            0);
  content.replace(70'000, 2, "dd");
  EXPECT_EQ(Unmount(), 0);
  Mount();
  EXPECT_TRUE(Get("f") == content);
}

TEST_F(MountTest, StoresIntoASharedMappingArrive) {
  Mount();
  std::string content = Pattern(1, 500'000);
  Put("f", content);
  {
    const UniqueFd reader = Open("f", O_RDONLY);
    const UniqueFd file = Open("f", O_RDWR);
    auto* const mapped = static_cast<char*>(
        mmap(nullptr, content.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0));
    ASSERT_NE(mapped, MAP_FAILED) << strerror(errno);
    for (const size_t at : {0u, 4095u, 70'000u, 499'990u}) {
      std::memcpy(mapped + at, "mapped", 6);
      content.replace(at, 6, "mapped");
    }
    EXPECT_TRUE(ReadFrom(reader) == content);
    EXPECT_EQ(msync(mapped, content.size(), MS_SYNC), 0) << strerror(errno);
    std::memcpy(mapped + 200'000, "after the sync", 14);
    content.replace(200'000, 14, "after the sync");
    munmap(mapped, content.size());
  }
  EXPECT_TRUE(Get("f") == content);
  EXPECT_EQ(Unmount(), 0);
  Mount();
  EXPECT_TRUE(Get("f") == content);
}

// What a program appends to them and syncs is there after a crash.
TEST_F(MountTest, LogsOfRocksDbAreLogs) {
  Mount();
  const UniqueFd log = Open("000007.log", O_WRONLY | O_CREAT);
  std::string content;
  for (int i = 0; i < 200; ++i) {
    const std::string piece = Pattern(static_cast<uint64_t>(i), 50 + static_cast<size_t>(i) * 7);
    ASSERT_EQ(write(log.get(), piece.data(), piece.size()), static_cast<ssize_t>(piece.size()));
    ASSERT_EQ(fdatasync(log.get()), 0);
    content += piece;
  }
  Put("000008.sst", "x");
  mount_->Signal(SIGKILL);
  WaitForEnd();
  umount2(folder_.c_str(), MNT_DETACH);
  const Result<std::unique_ptr<BlobFs>> fs = BlobFs::Open(Device(), {});
  ASSERT_TRUE(fs.ok()) << fs.status().ToString();
  EXPECT_EQ(fs.value()->Stat("/000007.log").value().kind, FileKind::kLog);
  EXPECT_EQ(fs.value()->Stat("/000008.sst").value().kind, FileKind::kData);
  const auto file = fs.value()->Open("/000007.log", {});
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(ReadAll(*file.value()) == content);
}

// A log of RocksDB's plug-in: appended to, then overwritten, then mapped.
TEST_F(MountTest, LogsAreWrittenAnywhere) {
  {
    const Result<std::unique_ptr<BlobFs>> fs = BlobFs::Open(Device(), {});
    ASSERT_TRUE(fs.ok());
    const Result<std::unique_ptr<File>> log =
        fs.value()->Open("/log", {.mode = OpenMode::kCreateNew, .kind = FileKind::kLog});
    ASSERT_TRUE(log.ok() && log.value()->Append(AsBytes("0123456789")).ok());
  }
  Mount();
  UniqueFd file = Open("log", O_RDWR);
  EXPECT_EQ(pwrite(file.get(), "x", 1, 10), 1);
  EXPECT_EQ(fdatasync(file.get()), 0);
  EXPECT_EQ(pwrite(file.get(), "y", 1, 3), 1);
  EXPECT_EQ(fdatasync(file.get()), 0);
  void* mapped = mmap(nullptr, 10, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  ASSERT_NE(mapped, MAP_FAILED) << strerror(errno);
  static_cast<char*>(mapped)[9] = 'z';
  munmap(mapped, 10);
  EXPECT_EQ(Get("log"), "012y45678zx");
  file = UniqueFd();
  EXPECT_EQ(Unmount(), 0);
  Mount();
  EXPECT_EQ(Get("log"), "012y45678zx");
}

TEST_F(MountTest, TruncateCutsAndFillsUp) {
  Mount();
  Put("f", Pattern(1, 10'000));
  ASSERT_EQ(truncate(Path("f").c_str(), 5000), 0);
  EXPECT_EQ(Get("f"), Pattern(1, 10'000).substr(0, 5000));
  ASSERT_EQ(truncate(Path("f").c_str(), 9000), 0);
  EXPECT_EQ(Get("f"), Pattern(1, 10'000).substr(0, 5000) + std::string(4000, '\0'));
  const UniqueFd file = Open("f", O_WRONLY | O_APPEND);
  ASSERT_EQ(ftruncate(file.get(), 2), 0);
  ASSERT_EQ(write(file.get(), "end", 3), 3);
  EXPECT_EQ(Get("f"), Pattern(1, 10'000).substr(0, 2) + "end");
  ASSERT_EQ(posix_fallocate(file.get(), 0, 8), 0);
  EXPECT_EQ(Get("f").size(), 8u);
}

TEST_F(MountTest, RemovedOpenFileGoesOn) {
  Mount();
  const UniqueFd file = Open("f", O_RDWR | O_CREAT);
  ASSERT_EQ(write(file.get(), "abc", 3), 3);
  ASSERT_EQ(unlink(Path("f").c_str()), 0);
  ASSERT_EQ(write(file.get(), "def", 3), 3);
  EXPECT_EQ(ReadFrom(file), "abcdef");
  struct stat stat {};
  ASSERT_EQ(fstat(file.get(), &stat), 0);
  EXPECT_EQ(stat.st_size, 6);
  EXPECT_EQ(stat.st_nlink, 0u);
  EXPECT_EQ(fsync(file.get()), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(MountTest, TimesAreKept) {
  Mount();
  Put("f", "x");
  const timespec times[2] = {{.tv_sec = 1, .tv_nsec = 0},
                             {.tv_sec = 1'000'000'000, .tv_nsec = 123'456'000}};
  ASSERT_EQ(utimensat(AT_FDCWD, Path("f").c_str(), times, 0), 0);
  ASSERT_EQ(Unmount(), 0);
  Mount();
  struct stat stat {};
  ASSERT_EQ(::stat(Path("f").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(stat.st_mtim.tv_nsec, 123'456'000);
}

TEST_F(MountTest, ModesOwnersAndLinksAreRefused) {
  Mount();
  Put("f", "x");
  EXPECT_EQ(chmod(Path("f").c_str(), 0644), 0);
  EXPECT_EQ(chown(Path("f").c_str(), geteuid(), getegid()), 0);
  EXPECT_EQ(chmod(Path("f").c_str(), 0600), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(chown(Path("f").c_str(), 12345, getegid()), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(link(Path("f").c_str(), Path("g").c_str()), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(symlink("f", Path("g").c_str()), -1);
  EXPECT_EQ(errno, EPERM);
}

TEST_F(MountTest, SpaceIsCountedAndItsEndIsEnospc) {
  Mount();
  struct statvfs before {};
  ASSERT_EQ(statvfs(folder_.c_str(), &before), 0);
  const std::string piece = Pattern(1, 4 * kMiB);
  // What was asked for is there, and the pages that do not fit are told of at the next sync.
  UniqueFd file = Open("f", O_WRONLY | O_CREAT);
  uint64_t total = 0;
  for (;;) {
    ASSERT_LE(total, 64 * kMiB);
    if (write(file.get(), piece.data(), piece.size()) < 0) break;
    if (fsync(file.get()) != 0) break;
    total += piece.size();
  }
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_GE(total, 32 * kMiB);
  struct statvfs full {};
  ASSERT_EQ(statvfs(folder_.c_str(), &full), 0);
  EXPECT_EQ(full.f_blocks, before.f_blocks);
  EXPECT_LE(full.f_bavail * full.f_frsize, 4 * kMiB);
  EXPECT_EQ(fsync(file.get()), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(close(dup(file.get())), -1);
  EXPECT_EQ(errno, ENOSPC);
  file = UniqueFd();
  // The rest is there, also for the next mount.
  ASSERT_EQ(Unmount(), 0);
  Mount();
  const std::string content = Get("f");
  ASSERT_GE(content.size(), total);
  for (size_t at = 0; at < total; at += piece.size()) {
    ASSERT_TRUE(piece.starts_with(content.substr(at, piece.size()))) << at;
  }
  EXPECT_EQ(posix_fallocate(Open("g", O_WRONLY | O_CREAT).get(), 0, 32 * kMiB), ENOSPC);
  ASSERT_EQ(unlink(Path("f").c_str()), 0);
  EXPECT_EQ(posix_fallocate(Open("g", O_WRONLY | O_CREAT).get(), 0, 32 * kMiB), 0);
}

// --- beginning and end ---------------------------------------------------------------------------

TEST_F(MountTest, WhatCannotBeMountedSaysWhy) {
  auto [code, said] = Refused({device_, dir_.Join("missing")});
  EXPECT_EQ(code, ExitCode(StatusCode::kNotFound));
  EXPECT_NE(said.find("mount point " + dir_.Join("missing")), std::string::npos) << said;
  std::tie(code, said) = Refused({dir_.Join("missing"), folder_});
  EXPECT_EQ(code, ExitCode(StatusCode::kNotFound));
  std::tie(code, said) = Refused({device_, dir_.path()});
  EXPECT_EQ(code, ExitCode(StatusCode::kIoError));
  EXPECT_NE(said.find("is not empty"), std::string::npos) << said;
  std::ofstream(dir_.Join("other")) << std::string(16 * kMiB, 'x');
  std::tie(code, said) = Refused({dir_.Join("other"), folder_});
  EXPECT_EQ(code, ExitCode(StatusCode::kWrongFormat));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {device_},
                                             {device_, folder_, "x"},
                                             {"--nonsense", device_, folder_},
                                             {"--buffer-bytes", "4x", device_, folder_}}) {
    EXPECT_EQ(Refused(words).first, 2);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(MountTest, DeviceAndFolderAreTakenOnce) {
  Mount();
  auto [code, said] = Refused({device_, folder_});
  EXPECT_EQ(code, ExitCode(StatusCode::kBusy));
  EXPECT_NE(said.find("is a mount point already, of " + device_), std::string::npos) << said;
  ASSERT_EQ(mkdir(dir_.Join("second").c_str(), 0700), 0);
  std::tie(code, said) = Refused({device_, dir_.Join("second")});
  EXPECT_EQ(code, ExitCode(StatusCode::kBusy));
  EXPECT_EQ(Unmount(), 0);
}

TEST_F(MountTest, ReadOnlyIsErofs) {
  Mount();
  Put("f", "x");
  EXPECT_EQ(Unmount(), 0);
  Mount({"--read-only"});
  EXPECT_EQ(Get("f"), "x");
  EXPECT_FALSE(Open("f", O_WRONLY).valid());
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(mkdir(Path("d").c_str(), 0755), -1);
  EXPECT_EQ(errno, EROFS);
}

TEST_F(MountTest, UnmountFromOutsideEndsIt) {
  Mount();
  Put("f", "x");
  ASSERT_EQ(umount2(folder_.c_str(), 0), 0);
  EXPECT_EQ(WaitForEnd(), 0);
}

TEST_F(MountTest, EndOfInputUnmountsIfAskedFor) {
  Mount({"--until-eof"});
  mount_->CloseInput();
  EXPECT_EQ(WaitForEnd(), 0);
  Mount();
  mount_->CloseInput();
  Put("f", "still there");
  EXPECT_EQ(Get("f"), "still there");
}

TEST_F(MountTest, BusyMountWaitsForItsUsers) {
  Mount();
  std::optional<UniqueFd> file(Open("f", O_RDWR | O_CREAT));
  mount_->Signal(SIGTERM);
  EXPECT_NE(mount_->ReadErrorLine().find(" is in use"), std::string::npos);
  ASSERT_EQ(write(file->get(), "late", 4), 4);
  file.reset();
  EXPECT_EQ(WaitForEnd(), 0);
  Mount();
  EXPECT_EQ(Get("f"), "late");
}

TEST_F(MountTest, SecondSignalTakesABusyMountAway) {
  Mount();
  const UniqueFd file = Open("f", O_RDWR | O_CREAT);
  ASSERT_EQ(write(file.get(), "kept", 4), 4);
  mount_->Signal(SIGTERM);
  EXPECT_NE(mount_->ReadErrorLine().find(" is in use"), std::string::npos);
  EXPECT_EQ(Unmount(SIGINT), 0);
  EXPECT_EQ(fsync(file.get()), -1);
  EXPECT_EQ(errno, ENOTCONN);
  Mount();
  EXPECT_EQ(Get("f"), "kept");
}

TEST_F(MountTest, KilledMountIsMountedAgain) {
  Mount();
  Put("closed", "durable");
  const UniqueFd file = Open("synced", O_WRONLY | O_CREAT);
  ASSERT_EQ(write(file.get(), "synced", 6), 6);
  ASSERT_EQ(fsync(file.get()), 0);
  ASSERT_EQ(write(file.get(), "perhaps", 7), 7);
  EXPECT_EQ(Unmount(SIGKILL), -SIGKILL);
  EXPECT_EQ(access(folder_.c_str(), F_OK), -1);
  EXPECT_EQ(errno, ENOTCONN);
  // The kernel may still be ending what the process had in flight.
  for (int code = ExitCode(StatusCode::kBusy); code == ExitCode(StatusCode::kBusy);) {
    ChildProcess child = Command({device_, folder_});
    if (!child.ReadLine().empty()) {
      mount_.emplace(std::move(child));
      break;
    }
    code = child.Wait();
    ASSERT_EQ(code, ExitCode(StatusCode::kBusy));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(Get("closed"), "durable");
  EXPECT_TRUE(Get("synced").starts_with("synced")) << Get("synced");
  EXPECT_EQ(Unmount(), 0);
}

// --- everything at random
// --------------------------------------------------------------------------

// What the mount should hold.
class MountModelTest : public MountTest {
 protected:
  std::string SomeName() {
    static const char* const kNames[] = {"a", "b", "c", "d/a", "d/b", "d/e/a", "d/e/b"};
    return kNames[random_.Below(std::size(kNames))];
  }

  void Step() {
    const std::string name = SomeName();
    switch (random_.Below(9)) {
      case 0:
      case 1:
        return Create(name);
      case 2:
      case 3:
      case 4:
        return Append(name);
      case 5:
        return Cut(name);
      case 6:
        return Move(name, SomeName());
      case 7:
        return Remove(name);
      default:
        return Overwrite(name);
    }
  }

  void Create(const std::string& name) {
    files_[name] = Pattern(random_.Next(), random_.Below(200'000));
    Put(name, files_[name]);
  }
  void Append(const std::string& name) {
    const int access = random_.OneIn(2) ? O_RDWR : O_WRONLY;
    const UniqueFd file = Open(name, access | O_APPEND);
    ASSERT_EQ(file.valid(), files_.contains(name)) << name;
    if (!file.valid()) return;
    // Somebody may have it open for reading, with or without the cache.
    const std::string seen = Get(name);
    ASSERT_TRUE(seen == files_[name]) << name;
    const std::string more = Pattern(random_.Next(), random_.Below(100'000));
    ASSERT_EQ(write(file.get(), more.data(), more.size()), static_cast<ssize_t>(more.size()));
    files_[name] += more;
    if (random_.OneIn(4)) {
      ASSERT_EQ(fsync(file.get()), 0);
    }
  }
  void Cut(const std::string& name) {
    const auto file = files_.find(name);
    const size_t size = random_.Below(file == files_.end() ? 10 : file->second.size() * 5 / 4 + 1);
    ASSERT_EQ(truncate(Path(name).c_str(), static_cast<off_t>(size)),
              file == files_.end() ? -1 : 0);
    if (file != files_.end()) file->second.resize(size);
  }
  void Move(const std::string& from, const std::string& to) {
    const bool is_there = files_.contains(from);
    ASSERT_EQ(rename(Path(from).c_str(), Path(to).c_str()), is_there ? 0 : -1) << from << to;
    if (!is_there || from == to) return;
    files_[to] = std::move(files_[from]);
    files_.erase(from);
  }
  void Remove(const std::string& name) {
    const UniqueFd open = Open(name, O_RDONLY);
    ASSERT_EQ(unlink(Path(name).c_str()), files_.contains(name) ? 0 : -1) << name;
    if (open.valid()) {
      ASSERT_TRUE(ReadFrom(open) == files_[name]);
    }
    files_.erase(name);
  }
  void Overwrite(const std::string& name) {
    const auto content = files_.find(name);
    if (content == files_.end() || content->second.empty()) return;
    std::string& held = content->second;
    const UniqueFd file = Open(name, random_.OneIn(2) ? O_WRONLY : O_RDWR);
    for (uint64_t i = random_.Below(5); i < 5; ++i) {
      const std::string piece = Pattern(random_.Next(), 1 + random_.Below(10'000));
      const size_t at = random_.Below(held.size() + 5000);
      ASSERT_EQ(pwrite(file.get(), piece.data(), piece.size(), static_cast<off_t>(at)),
                static_cast<ssize_t>(piece.size()));
      held.resize(std::max(held.size(), at + piece.size()));
      held.replace(at, piece.size(), piece);
      if (random_.OneIn(4)) {
        ASSERT_EQ(fsync(file.get()), 0);
      }
    }
  }

  void Compare() {
    for (const auto& [name, content] : files_) ASSERT_TRUE(Get(name) == content) << name;
    std::set<std::string> listed;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (entry.is_directory()) continue;
      const std::string name = entry.path().string().substr(folder_.size() + 1);
      listed.insert(name);
      ASSERT_TRUE(files_.contains(name)) << name;
      EXPECT_EQ(entry.file_size(), files_[name].size()) << name;
    }
    EXPECT_EQ(listed.size(), files_.size());
  }

  const uint64_t seed_ = TestSeed(20);
  Random random_{seed_};
  std::map<std::string, std::string> files_;
};

TEST_F(MountModelTest, RandomOperationsGiveWhatAModelHas) {
  SCOPED_TRACE("ASHLAR_SEED=" + std::to_string(seed_));
  for (int round = 0; round < 4; ++round) {
    Mount();
    std::filesystem::create_directories(Path("d/e"));
    for (int i = 0; i < 150; ++i) {
      Step();
      if (HasFatalFailure()) return;
    }
    Compare();
    if (HasFatalFailure()) return;
    ASSERT_EQ(Unmount(), 0);
  }
  Mount({"--read-only"});
  Compare();
}

TEST_F(MountTest, ManyThreadsEachWithItsOwnFiles) {
  Mount();
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([this, t] {
      const std::string folder = "t" + std::to_string(t);
      EXPECT_EQ(mkdir(Path(folder).c_str(), 0755), 0);
      for (int i = 0; i < 12; ++i) {
        const std::string name = folder + "/f";
        const std::string content = Pattern(static_cast<uint64_t>(t * 100 + i), 70'000);
        Put(name + "new", content);
        EXPECT_EQ(rename(Path(name + "new").c_str(), Path(name).c_str()), 0);
        EXPECT_TRUE(Get(name) == content);
      }
      EXPECT_EQ(unlink(Path(folder + "/f").c_str()), 0);
      EXPECT_EQ(rmdir(Path(folder).c_str()), 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  EXPECT_EQ(Unmount(), 0);
}

}  // namespace
}  // namespace ashlar
