// Blocking transfers in the calling thread, and the rules for short ones that both file devices
// keep.
#pragma once

#include <cstdint>

#include "ashlar/device.h"
#include "cpp/device/io_request.h"

namespace ashlar {

// The kernel moves less than 2 GiB at a time; this much keeps every part in whole pages.
inline constexpr uint32_t kMaxTransferBytes = 1u << 30;

// How much of a transfer that moved `moved_bytes` counts: whole sectors, because direct I/O goes on
// only at a sector. 0 means that the transfer cannot go on (the file was cut short): -EIO.
inline uint32_t ResumableBytes(const DeviceInfo& info, uint32_t moved_bytes) {
  return moved_bytes & ~(info.sector_bytes - 1);
}

// Moves all bytes, resuming after signals and short transfers. 0 or a negative errno. The range is
// valid.
int ReadFully(int fd, const DeviceInfo& info, uint64_t offset_bytes, void* data,
              uint32_t length_bytes);
int WriteFully(int fd, const DeviceInfo& info, uint64_t offset_bytes, const void* data,
               uint32_t length_bytes);

// Makes durable what was written before. 0 or a negative errno.
int FlushFile(int fd);

// Carries out a valid request of any kind. 0 or a negative errno.
int ExecuteBlocking(int fd, const DeviceInfo& info, const IoRequest& request);

}  // namespace ashlar
