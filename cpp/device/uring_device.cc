#include "cpp/device/uring_device.h"

#include <string>
#include <utility>

#include "cpp/device/device_totals.h"
#include "cpp/device/file_io.h"
#include "cpp/device/request_check.h"
#include "cpp/device/uring_channel.h"

namespace ashlar {

namespace {

class UringDevice final : public Device {
 public:
  UringDevice(FileHandle file, const UringFeatures& features)
      : file_(std::move(file)), features_(features) {
    file_.info.backend = "io_uring";
  }

  const DeviceInfo& info() const override { return file_.info; }
  DeviceCounters counters() const override { return totals_.Sum(); }

  Result<std::unique_ptr<Channel>> OpenChannel() override {
    return OpenUringChannel(file_, features_, &totals_);
  }

  bool SupportsInlineRead() const override { return true; }

  int ReadInline(uint64_t offset_bytes, void* data, uint32_t length_bytes) override {
    int result = CheckRange(file_.info, offset_bytes, data, length_bytes);
    if (result != 0) return result;
    result = ReadFully(file_.fd.get(), file_.info, offset_bytes, data, length_bytes);
    if (result == 0) totals_.CountInlineRead(length_bytes);
    return result;
  }

  bool SupportsInlineWrite() const override { return true; }

  int WriteInline(uint64_t offset_bytes, const void* data, uint32_t length_bytes) override {
    int result = CheckRange(file_.info, offset_bytes, data, length_bytes);
    if (result == 0 && file_.read_only) result = -EROFS;
    if (result != 0) return result;
    result = WriteFully(file_.fd.get(), file_.info, offset_bytes, data, length_bytes);
    if (result == 0) totals_.CountInlineWrite(length_bytes);
    return result;
  }

  bool SupportsInlineFlush() const override { return true; }

  int FlushInline() override {
    const int result = FlushFile(file_.fd.get());
    if (result == 0) totals_.CountInlineFlush();
    return result;
  }

 private:
  FileHandle file_;
  const UringFeatures features_;
  DeviceTotals totals_;
};

}  // namespace

std::unique_ptr<Device> NewUringDevice(FileHandle file, const UringFeatures& features) {
  return std::make_unique<UringDevice>(std::move(file), features);
}

}  // namespace ashlar
