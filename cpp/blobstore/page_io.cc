#include "cpp/blobstore/page_io.h"

#include <algorithm>
#include <string>

#include "cpp/base/aligned_buffer.h"
#include "cpp/runtime/io_await.h"

namespace ashlar {

Task<Status> PageIo::Read(uint64_t offset_bytes, std::span<uint8_t> into) {
  return Transfer(IoRequest::Op::kRead, offset_bytes, into);
}

Task<Status> PageIo::Write(uint64_t offset_bytes, std::span<uint8_t> from) {
  return Transfer(IoRequest::Op::kWrite, offset_bytes, from);
}

Task<Status> PageIo::Transfer(IoRequest::Op op, uint64_t offset_bytes, std::span<uint8_t> buffer) {
  while (!buffer.empty()) {
    const uint32_t length_bytes =
        static_cast<uint32_t>(std::min<size_t>(buffer.size(), kMaxTransferBytes));
    const int result = co_await IoAwait(channel_, op, offset_bytes, buffer.data(), length_bytes);
    if (result < 0) {
      co_return Status::FromErrno(
          -result, std::string(op == IoRequest::Op::kRead ? "read" : "write") + " of " +
                       std::to_string(length_bytes) + " metadata bytes at " +
                       std::to_string(offset_bytes) + " of " + info_.name);
    }
    offset_bytes += length_bytes;
    buffer = buffer.subspan(length_bytes);
  }
  co_return Status::Ok();
}

Task<Status> PageIo::Zero(uint64_t offset_bytes, uint64_t length_bytes) {
  AlignedBuffer zeros(static_cast<size_t>(std::min<uint64_t>(length_bytes, kMaxTransferBytes)));
  while (length_bytes > 0) {
    if (!zeros.valid()) co_return Status::OutOfMemory("buffer of zeros");
    const size_t step_bytes = static_cast<size_t>(std::min<uint64_t>(length_bytes, zeros.size()));
    const std::span<uint8_t> step = zeros.span().first(step_bytes);
    Status written = co_await Write(offset_bytes, step);
    if (!written.ok()) co_return written;
    offset_bytes += step_bytes;
    length_bytes -= step_bytes;
  }
  co_return Status::Ok();
}

Task<Status> PageIo::Flush() {
  const int result = co_await IoAwait(channel_, IoRequest::Op::kFlush, 0, nullptr, 0);
  if (result < 0) co_return Status::FromErrno(-result, "flush of " + info_.name);
  co_return Status::Ok();
}

}  // namespace ashlar
