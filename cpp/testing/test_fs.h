// A file system on a device that the test keeps, so that it can look at it, break it and open it
// again.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cpp/blobfs/blobfs.h"
#include "cpp/testing/crash_device.h"
#include "cpp/testing/shared_device.h"

namespace ashlar {

class TestFs {
 public:
  explicit TestFs(std::shared_ptr<Device> device, RequestObserver observer = {})
      : device_(std::move(device)), observer_(std::move(observer)) {}
  TestFs(TestFs&&) = default;
  ~TestFs() { Crash(); }

  static std::shared_ptr<CrashDevice> NewCrashDevice(const CrashDeviceOptions& options);
  static std::shared_ptr<CrashDevice> NewCrashDevice(const CrashDeviceOptions& options,
                                                     DiskImage image);
  static std::shared_ptr<Device> NewMemory(uint64_t size_bytes, uint32_t sector_bytes = 4096);

  // Opens what is on the device, or an empty file system.
  Status Format(const BlobFsOptions& options = {}, uint32_t cluster_bytes = 64u << 10);
  Status Open(const BlobFsOptions& options = {});
  Status Close();
  // The process dies: nothing more is written.
  void Crash();

  BlobFs& fs() { return *fs_; }
  BlobFs* operator->() { return fs_.get(); }
  Device& device() { return *device_; }
  const std::shared_ptr<Device>& shared_device() { return device_; }

  // "", or all that is wrong with blobs and files on the device. The file system is closed or
  // crashed.
  std::string Check();

  // Whole operations, for tests that look at the outcome only.
  Status Put(std::string_view name, std::string_view content, FileKind kind = FileKind::kData);
  // "<status>" when it cannot be read.
  std::string Get(std::string_view name);
  std::unique_ptr<File> MustOpen(std::string_view name, const OpenOptions& options);

 private:
  std::shared_ptr<Device> device_;
  RequestObserver observer_;
  std::unique_ptr<BlobFs> fs_;
};

inline std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// All of a file, read in pieces of `piece_bytes`; "<status>" after an error.
std::string ReadAll(File& file, size_t piece_bytes = 1u << 20);

// Bytes that tell where they are from.
std::string Pattern(uint64_t seed, size_t length);

}  // namespace ashlar
