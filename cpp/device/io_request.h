// One I/O as plain data. The caller owns the request and its buffer until `done` has been called;
// channels link requests through `next` and allocate nothing.
#pragma once

#include <cstdint>

namespace ashlar {

struct IoRequest {
  enum class Op : uint8_t {
    kRead,
    kWrite,
    kFlush,    // every write completed before this was submitted is durable once it completes
    kDiscard,  // the content of the range becomes undefined; a hint, never needed for correctness
  };

  Op op = Op::kRead;
  // Offset and length are multiples of the sector size (we use pages), the length is not 0 and the
  // range lies within the device, or the result is -EINVAL. Ignored for kFlush.
  uint64_t offset_bytes = 0;
  uint32_t length_bytes = 0;
  void* data = nullptr;  // aligned to DeviceInfo::memory_alignment

  // 0, or a negative errno. A short transfer is retried or turned into -EIO by the channel: 0 means
  // that every byte was moved.
  int32_t result = 0;

  // Called once, on the channel's thread, from Poll() (never from inside Submit()).
  void (*done)(IoRequest*) = nullptr;
  void* owner = nullptr;  // the submitter's own

  // The channel's own, free for it between Submit and done.
  IoRequest* next = nullptr;
  void* channel = nullptr;
  uint32_t channel_progress_bytes = 0;
  uint32_t channel_retries = 0;
};

}  // namespace ashlar
