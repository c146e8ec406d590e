#include "cpp/testing/loop_device.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ashlar {

namespace {

// Another process may take the free number first.
constexpr int kAttempts = 16;

}  // namespace

Result<LoopDevice> LoopDevice::Attach(const std::string& backing_path, uint64_t size_bytes,
                                      uint32_t sector_bytes) {
  const UniqueFd backing(
      open(backing_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!backing.valid() || ftruncate(backing.get(), static_cast<off_t>(size_bytes)) != 0) {
    return Status::FromErrno(errno, "backing file " + backing_path);
  }
  const UniqueFd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control.valid()) return Status::FromErrno(errno, "open /dev/loop-control");

  loop_config config{};
  config.fd = static_cast<uint32_t>(backing.get());
  config.block_size = sector_bytes;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  int failure = EBUSY;
  for (int attempt = 0; failure == EBUSY && attempt < kAttempts; ++attempt) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return Status::FromErrno(errno, "LOOP_CTL_GET_FREE");
    std::string path = "/dev/loop" + std::to_string(number);
    UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd.valid()) return Status::FromErrno(errno, "open " + path);
    if (ioctl(fd.get(), LOOP_CONFIGURE, &config) == 0) {
      return LoopDevice(std::move(fd), std::move(path));
    }
    failure = errno;
  }
  return Status::FromErrno(failure, "LOOP_CONFIGURE");
}

}  // namespace ashlar
