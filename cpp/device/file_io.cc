#include "cpp/device/file_io.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ashlar {

namespace {

// `transfer(done_bytes, part_bytes)` is pread or pwrite of a part.
template <typename Transfer>
int TransferFully(const DeviceInfo& info, uint32_t length_bytes, Transfer transfer) {
  uint32_t done_bytes = 0;
  while (done_bytes < length_bytes) {
    const ssize_t moved =
        transfer(done_bytes, std::min(length_bytes - done_bytes, kMaxTransferBytes));
    if (moved < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    const uint32_t resumable = ResumableBytes(info, static_cast<uint32_t>(moved));
    if (resumable == 0) return -EIO;
    done_bytes += resumable;
  }
  return 0;
}

template <typename Call>
int RetryInterrupted(Call call) {
  int result;
  do {
    result = call();
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : -errno;
}

}  // namespace

int ReadFully(int fd, const DeviceInfo& info, uint64_t offset_bytes, void* data,
              uint32_t length_bytes) {
  return TransferFully(info, length_bytes, [=](uint32_t done_bytes, uint32_t part_bytes) {
    return pread(fd, static_cast<uint8_t*>(data) + done_bytes, part_bytes,
                 static_cast<off_t>(offset_bytes + done_bytes));
  });
}

int WriteFully(int fd, const DeviceInfo& info, uint64_t offset_bytes, const void* data,
               uint32_t length_bytes) {
  return TransferFully(info, length_bytes, [=](uint32_t done_bytes, uint32_t part_bytes) {
    return pwrite(fd, static_cast<const uint8_t*>(data) + done_bytes, part_bytes,
                  static_cast<off_t>(offset_bytes + done_bytes));
  });
}

int FlushFile(int fd) {
  return RetryInterrupted([fd] { return fdatasync(fd); });
}

int ExecuteBlocking(int fd, const DeviceInfo& info, const IoRequest& request) {
  switch (request.op) {
    case IoRequest::Op::kRead:
      return ReadFully(fd, info, request.offset_bytes, request.data, request.length_bytes);
    case IoRequest::Op::kWrite:
      return WriteFully(fd, info, request.offset_bytes, request.data, request.length_bytes);
    case IoRequest::Op::kFlush:
      return FlushFile(fd);
    case IoRequest::Op::kDiscard:
      return RetryInterrupted([fd, &request] {
        return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                         static_cast<off_t>(request.offset_bytes),
                         static_cast<off_t>(request.length_bytes));
      });
  }
  return -EINVAL;
}

}  // namespace ashlar
