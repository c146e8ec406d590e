// Reads, writes and flushes of metadata for coroutines, with errors that say what failed where.
#pragma once

#include <cstdint>
#include <span>

#include "ashlar/device.h"
#include "ashlar/status.h"
#include "cpp/device/device.h"
#include "cpp/runtime/task.h"

namespace ashlar {

// Belongs to the channel's thread. Offsets and lengths are whole pages, buffers page-aligned.
class PageIo {
 public:
  static constexpr uint32_t kMaxTransferBytes = 1u << 20;

  PageIo(Channel& channel, const DeviceInfo& info) : channel_(channel), info_(info) {}

  const DeviceInfo& info() const { return info_; }

  Task<Status> Read(uint64_t offset_bytes, std::span<uint8_t> into);
  Task<Status> Write(uint64_t offset_bytes, std::span<uint8_t> from);
  Task<Status> Zero(uint64_t offset_bytes, uint64_t length_bytes);
  Task<Status> Flush();

 private:
  Task<Status> Transfer(IoRequest::Op op, uint64_t offset_bytes, std::span<uint8_t> buffer);

  Channel& channel_;
  const DeviceInfo info_;
};

}  // namespace ashlar
