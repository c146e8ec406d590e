#include "cpp/fuse/mount_point.h"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

namespace ashlar {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// Blanks and the like stand there as \040.
std::string Unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) &&
        IsOctal(text[i + 3])) {
      const int code = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      plain += static_cast<char>(code);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// The uppermost mount there.
std::optional<MountEntry> FindMount(const std::string& folder) {
  std::optional<MountEntry> found;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::optional<MountEntry> entry = ParseMountInfo(line);
    if (entry && entry->folder == folder) found = std::move(entry);
  }
  return found;
}

std::optional<std::string> RealPath(const std::string& path) {
  const std::unique_ptr<char, FreeText> real(realpath(path.c_str(), nullptr));
  if (real == nullptr) return std::nullopt;
  return std::string(real.get());
}

// Also of a folder that cannot be looked at, because a dead mount covers it.
Result<std::string> AbsoluteFolder(const std::string& folder) {
  if (std::optional<std::string> real = RealPath(folder)) return std::move(*real);
  const int error = errno;
  std::string path = folder;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::optional<std::string> real = RealPath(parent);
  if (error != ENOTCONN || !real) return Status::FromErrno(error, folder);
  return (*real == "/" ? "" : *real) + "/" + path.substr(slash + 1);
}

// umount2, or where that takes root, the helper that libfuse mounts with.
int UnmountOrErrno(const std::string& folder, bool detach) {
  if (umount2(folder.c_str(), UMOUNT_NOFOLLOW | (detach ? MNT_DETACH : 0)) == 0) return 0;
  if (errno != EPERM) return errno;
  std::vector<std::string> words = {"fusermount3", "-u", "-q"};
  if (detach) words.push_back("-z");
  words.push_back(folder);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (const int error =
          posix_spawnp(&child, "fusermount3", nullptr, nullptr, arguments.data(), environ)) {
    return error;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EBUSY;
}

Status CheckEmpty(const std::string& folder) {
  const std::unique_ptr<DIR, CloseFolder> entries(opendir(folder.c_str()));
  if (entries == nullptr) return Status::FromErrno(errno, "mount point " + folder);
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      return Status::IoError("mount point " + folder + " is not empty", ENOTEMPTY);
    }
  }
  return Status::Ok();
}

}  // namespace

// "36 35 98:0 /root /mount/point options optional... - type source options"
std::optional<MountEntry> ParseMountInfo(std::string_view line) {
  const std::vector<std::string_view> words = Words(line);
  for (size_t i = 6; i + 2 < words.size(); ++i) {
    if (words[i] != "-") continue;
    return MountEntry{Unescape(words[4]), std::string(words[i + 1]), Unescape(words[i + 2])};
  }
  return std::nullopt;
}

Result<std::string> PrepareMountPoint(const std::string& folder) {
  Result<std::string> absolute = AbsoluteFolder(folder);
  if (!absolute.ok()) {
    return Status(absolute.status().code(), "mount point " + folder, absolute.status().sys_errno());
  }
  const std::string& path = absolute.value();
  struct stat stat {};
  while (const std::optional<MountEntry> mount = FindMount(path)) {
    const bool dead = ::stat(path.c_str(), &stat) != 0 && errno == ENOTCONN;
    if (!dead || mount->type != kMountType) {
      return Status::Busy(path + " is a mount point already, of " + mount->source + " (" +
                          mount->type + ")");
    }
    if (const int error = UnmountOrErrno(path, true)) {
      return Status::FromErrno(error, "unmounting " + path + ", whose process has died");
    }
  }
  if (::stat(path.c_str(), &stat) != 0) return Status::FromErrno(errno, "mount point " + path);
  if (!S_ISDIR(stat.st_mode)) {
    return Status::IoError("mount point " + path + " is no folder", ENOTDIR);
  }
  ASHLAR_RETURN_IF_ERROR(CheckEmpty(path));
  return absolute;
}

Status Unmount(const std::string& folder) {
  const int error = UnmountOrErrno(folder, false);
  return error == 0 ? Status::Ok() : Status::FromErrno(error, "unmounting " + folder);
}

Status Detach(const std::string& folder) {
  const int error = UnmountOrErrno(folder, true);
  return error == 0 ? Status::Ok() : Status::FromErrno(error, "detaching " + folder);
}

}  // namespace ashlar
