#include "cpp/device/file_handle.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "cpp/device/file_geometry.h"

namespace ashlar {

namespace {

std::string Quoted(const std::string& path) { return "'" + path + "'"; }

// What the user should do about a failed open(2).
Status OpenFailure(const std::string& path, int sys_errno) {
  const std::string name = Quoted(path);
  switch (sys_errno) {
    case ENOENT:
      return Status::NotFound("device " + name + " does not exist; create it, or check the path",
                              sys_errno);
    case EEXIST:
      return Status::AlreadyExists(name + " exists; open it without create, or remove it first",
                                   sys_errno);
    case ENOTDIR:
      return Status::NotFound("a folder in the path " + name + " is not a folder", sys_errno);
    case ELOOP:
      return Status::InvalidArgument(name + " is a symbolic link; give the path it points to",
                                     sys_errno);
    case EACCES:
    case EPERM:
      return Status::IoError(
          "no permission to open " + name + "; check the owner and mode of it and of its folders",
          sys_errno);
    case EBUSY:
    case ETXTBSY:
      return Status::Busy(name + " is in use by another process, or mounted", sys_errno);
    case EROFS:
      return Status::ReadOnly(name + " is on a read-only file system; open it read-only",
                              sys_errno);
    case ENXIO:
      return Status::IoError(name + " has no medium or nothing behind it", sys_errno);
    default:
      return Status::FromErrno(sys_errno, "open " + name);
  }
}

Status CheckFileType(const std::string& path, mode_t mode) {
  if (S_ISREG(mode) || S_ISBLK(mode)) return Status::Ok();
  const char* what = S_ISLNK(mode)   ? "a symbolic link; give the path it points to"
                     : S_ISDIR(mode) ? "a folder; give a file in it"
                                     : "neither a plain file nor a block device; give one of these";
  return Status::InvalidArgument(Quoted(path) + " is " + what);
}

Result<UniqueFd> OpenExisting(const DeviceSpec& spec) {
  struct stat named;
  if (lstat(spec.path.c_str(), &named) != 0) return OpenFailure(spec.path, errno);
  ASHLAR_RETURN_IF_ERROR(CheckFileType(spec.path, named.st_mode));
  // O_EXCL keeps a block device from being mounted or taken by others. O_NONBLOCK is for the case
  // that a fifo takes the file's place meanwhile; it is cleared below.
  int flags = (spec.read_only ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  if (S_ISBLK(named.st_mode)) flags |= O_EXCL;
  UniqueFd fd(open(spec.path.c_str(), flags));
  if (!fd.valid()) return OpenFailure(spec.path, errno);

  struct stat opened;
  if (fstat(fd.get(), &opened) != 0) return OpenFailure(spec.path, errno);
  ASHLAR_RETURN_IF_ERROR(CheckFileType(spec.path, opened.st_mode));
  if (opened.st_dev != named.st_dev || opened.st_ino != named.st_ino) {
    return Status::Busy(Quoted(spec.path) + " was replaced while it was being opened; try again");
  }
  const int status_flags = fcntl(fd.get(), F_GETFL);
  if (status_flags < 0 || fcntl(fd.get(), F_SETFL, status_flags & ~O_NONBLOCK) != 0) {
    return Status::FromErrno(errno, "clear O_NONBLOCK of " + Quoted(spec.path));
  }
  return fd;
}

int TryLock(const UniqueFd& fd) {
  int failure;
  do {
    failure = flock(fd.get(), LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  } while (failure == EINTR);
  return failure;
}

Status Lock(const UniqueFd& fd, const std::string& path) {
  const int failure = TryLock(fd);
  if (failure == 0) return Status::Ok();
  if (failure != EWOULDBLOCK) return Status::FromErrno(failure, "lock " + Quoted(path));
  return Status::Busy(Quoted(path) + " is in use by another process, or open in this one", failure);
}

Result<UniqueFd> OpenAndLock(const DeviceSpec& spec) {
  Result<UniqueFd> fd = OpenExisting(spec);
  if (fd.ok()) ASHLAR_RETURN_IF_ERROR(Lock(*fd, spec.path));
  return fd;
}

// Someone may hold the file for a moment only: the kernel, while it ends the I/O that a killed
// process had in flight, and takes apart its io_uring; udev, while it looks at a new block device.
constexpr int kBusyAttempts = 50;
constexpr long kBusyPauseNs = 10'000'000;

Result<UniqueFd> OpenAndLockPatiently(const DeviceSpec& spec) {
  for (int attempt = 1;; ++attempt) {
    Result<UniqueFd> fd = OpenAndLock(spec);
    if (fd.status().code() != StatusCode::kBusy || attempt == kBusyAttempts) return fd;
    const timespec pause{0, kBusyPauseNs};
    nanosleep(&pause, nullptr);
  }
}

// Sets the length and has the file system reserve the space, so that a later write cannot fail for
// want of it. Where reserving is not supported the file is sparse.
Status Reserve(const UniqueFd& fd, const DeviceSpec& spec) {
  const off_t size = static_cast<off_t>(spec.size_bytes);
  int failure;
  do {
    failure = fallocate(fd.get(), 0, 0, size) == 0 ? 0 : errno;
  } while (failure == EINTR);
  if (failure == EOPNOTSUPP || failure == ENOSYS) {
    failure = ftruncate(fd.get(), size) == 0 ? 0 : errno;
  }
  switch (failure) {
    case 0:
      return Status::Ok();
    case EFBIG:
    case EINVAL:
      return Status::InvalidArgument("size " + std::to_string(spec.size_bytes) + " of " +
                                         Quoted(spec.path) + " is more than its file system allows",
                                     failure);
    default:
      return Status::FromErrno(failure, "reserve " + std::to_string(spec.size_bytes) +
                                            " bytes for " + Quoted(spec.path));
  }
}

// Makes the file's name, length and reservation survive a crash.
Status SyncCreation(const UniqueFd& fd, const std::string& path) {
  if (fsync(fd.get()) != 0) return Status::FromErrno(errno, "fsync " + Quoted(path));
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  const UniqueFd folder_fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_fd.valid()) return Status::FromErrno(errno, "open folder " + Quoted(folder));
  // Some file systems cannot sync a folder and say EINVAL; their names need no sync.
  if (fsync(folder_fd.get()) != 0 && errno != EINVAL) {
    return Status::FromErrno(errno, "fsync folder " + Quoted(folder));
  }
  return Status::Ok();
}

Status FinishCreation(const UniqueFd& fd, const DeviceSpec& spec) {
  ASHLAR_RETURN_IF_ERROR(Lock(fd, spec.path));
  ASHLAR_RETURN_IF_ERROR(Reserve(fd, spec));
  return SyncCreation(fd, spec.path);
}

Result<FileHandle> Measure(UniqueFd fd, const DeviceSpec& spec) {
  FileHandle handle;
  ASHLAR_RETURN_IF_ERROR(MeasureFile(fd.get(), spec, &handle.info));
  handle.fd = std::move(fd);
  handle.read_only = spec.read_only;
  return handle;
}

Result<FileHandle> Create(const DeviceSpec& spec) {
  UniqueFd fd(open(spec.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   S_IRUSR | S_IWUSR));
  if (!fd.valid()) {
    if (errno == ENOENT) {
      return Status::NotFound("the folder of " + Quoted(spec.path) + " does not exist", ENOENT);
    }
    return OpenFailure(spec.path, errno);
  }
  Status status = FinishCreation(fd, spec);
  if (status.ok()) {
    Result<FileHandle> handle = Measure(std::move(fd), spec);
    if (handle.ok()) return handle;
    status = handle.status();
  }
  unlink(spec.path.c_str());
  return status;
}

}  // namespace

FileHandle::~FileHandle() {
  // Not left to close(2): an io_uring of ours that the kernel is still taking apart may hold the
  // open file a little longer.
  if (fd.valid()) flock(fd.get(), LOCK_UN);
}

Result<FileHandle> OpenFileHandle(const DeviceSpec& spec) {
  if (spec.create) return Create(spec);
  Result<UniqueFd> fd = OpenAndLockPatiently(spec);
  if (!fd.ok()) return fd.status();
  return Measure(std::move(fd).value(), spec);
}

}  // namespace ashlar
