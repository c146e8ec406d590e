#include "cpp/device/file_device.h"

#include <cerrno>

#include "cpp/device/file_io.h"
#include "cpp/device/request_check.h"

namespace ashlar {

int FileDevice::ReadInline(uint64_t offset_bytes, void* data, uint32_t length_bytes) {
  int result = CheckRange(file_.info, offset_bytes, data, length_bytes);
  if (result != 0) return result;
  result = ReadFully(file_.fd.get(), file_.info, offset_bytes, data, length_bytes);
  if (result == 0) totals_.CountInlineRead(length_bytes);
  return result;
}

int FileDevice::WriteInline(uint64_t offset_bytes, const void* data, uint32_t length_bytes) {
  int result = CheckRange(file_.info, offset_bytes, data, length_bytes);
  if (result == 0 && file_.read_only) result = -EROFS;
  if (result != 0) return result;
  result = WriteFully(file_.fd.get(), file_.info, offset_bytes, data, length_bytes);
  if (result == 0) totals_.CountInlineWrite(length_bytes);
  return result;
}

int FileDevice::FlushInline() {
  const int result = FlushFile(file_.fd.get());
  if (result == 0) totals_.CountInlineFlush();
  return result;
}

}  // namespace ashlar
