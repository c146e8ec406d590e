// What a device on a file does in the calling thread, whatever moves the data of its channels.
#pragma once

#include <utility>

#include "cpp/device/device.h"
#include "cpp/device/device_totals.h"
#include "cpp/device/file_handle.h"

namespace ashlar {

class FileDevice : public Device {
 public:
  // `backend` is what DeviceInfo says of it.
  FileDevice(FileHandle file, const char* backend) : file_(std::move(file)) {
    file_.info.backend = backend;
  }

  const DeviceInfo& info() const override { return file_.info; }
  DeviceCounters counters() const override { return totals_.Sum(); }

  bool SupportsInlineRead() const override { return true; }
  int ReadInline(uint64_t offset_bytes, void* data, uint32_t length_bytes) override;
  bool SupportsInlineWrite() const override { return true; }
  int WriteInline(uint64_t offset_bytes, const void* data, uint32_t length_bytes) override;
  bool SupportsInlineFlush() const override { return true; }
  int FlushInline() override;

 protected:
  FileHandle file_;
  DeviceTotals totals_;
};

}  // namespace ashlar
