#include "cpp/device/request_check.h"

#include <cerrno>

namespace ashlar {

namespace {

// Sector sizes are powers of two; the subtraction cannot overflow as the sum of both could.
bool RangeIsValid(const DeviceInfo& info, uint64_t offset_bytes, uint32_t length_bytes) {
  return length_bytes != 0 && ((offset_bytes | length_bytes) & (info.sector_bytes - 1)) == 0 &&
         length_bytes <= info.size_bytes && offset_bytes <= info.size_bytes - length_bytes;
}

}  // namespace

int CheckRange(const DeviceInfo& info, uint64_t offset_bytes, const void* data,
               uint32_t length_bytes) {
  const bool memory_is_valid = data != nullptr && (reinterpret_cast<uintptr_t>(data) &
                                                   (uintptr_t{info.memory_alignment} - 1)) == 0;
  return memory_is_valid && RangeIsValid(info, offset_bytes, length_bytes) ? 0 : -EINVAL;
}

int CheckRequest(const DeviceInfo& info, bool read_only, const IoRequest& request) {
  switch (request.op) {
    case IoRequest::Op::kRead:
      return CheckRange(info, request.offset_bytes, request.data, request.length_bytes);
    case IoRequest::Op::kWrite:
      if (read_only) return -EROFS;
      return CheckRange(info, request.offset_bytes, request.data, request.length_bytes);
    case IoRequest::Op::kFlush:
      return 0;
    case IoRequest::Op::kDiscard:
      if (read_only) return -EROFS;
      if (!RangeIsValid(info, request.offset_bytes, request.length_bytes)) return -EINVAL;
      return info.can_discard ? 0 : -EOPNOTSUPP;
  }
  return -EINVAL;
}

}  // namespace ashlar
