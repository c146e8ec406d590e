// A device in this process's memory: for tests, for benchmarks that should measure Ashlar and not a
// drive, and for stores that need not outlive the process.
#pragma once

#include <cstdint>
#include <memory>

#include "ashlar/device.h"
#include "ashlar/status.h"
#include "cpp/device/device.h"

namespace ashlar {

// InvalidArgument: a sector size other than 512 and 4096, or a size that no memory device has.
Status CheckMemorySpec(const DeviceSpec& spec);

// Zeroed memory of a device, given out by the kernel when a page is first touched.
class MemoryBlock {
 public:
  // Of spec.size_bytes, which is valid.
  static Result<std::shared_ptr<MemoryBlock>> Allocate(const DeviceSpec& spec);
  ~MemoryBlock();
  MemoryBlock(const MemoryBlock&) = delete;
  MemoryBlock& operator=(const MemoryBlock&) = delete;

  uint8_t* bytes() const { return bytes_; }
  uint64_t size_bytes() const { return size_bytes_; }
  uint32_t sector_bytes() const { return sector_bytes_; }

 private:
  MemoryBlock(uint8_t* bytes, const DeviceSpec& spec)
      : bytes_(bytes), size_bytes_(spec.size_bytes), sector_bytes_(spec.sector_bytes) {}

  uint8_t* const bytes_;
  const uint64_t size_bytes_;
  const uint32_t sector_bytes_;
};

// Requests complete in the Poll() after their Submit(); any buffer alignment will do. Of spec only
// the name and read_only count.
std::unique_ptr<Device> NewMemoryDevice(std::shared_ptr<MemoryBlock> block, const DeviceSpec& spec);

}  // namespace ashlar
