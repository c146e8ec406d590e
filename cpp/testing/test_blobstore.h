// A blobstore on any device, driven from the test's own thread, one call after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cpp/blobstore/blobstore.h"
#include "cpp/blobstore/checker.h"
#include "cpp/blobstore/metadata_page.h"
#include "cpp/blobstore/super_block.h"
#include "cpp/device/device.h"

namespace ashlar {

class TestBlobstore {
 public:
  explicit TestBlobstore(std::unique_ptr<Device> device);
  // On a memory device of zeros.
  static TestBlobstore InMemory(uint64_t size_bytes, uint32_t sector_bytes = 4096);

  Device& device() { return *device_; }
  Channel& channel() { return *channel_; }
  Blobstore& store() { return *store_; }
  Blobstore* operator->() { return store_.get(); }
  bool is_open() const { return store_ != nullptr; }

  Status Format(const BlobstoreFormatOptions& options = {});
  // Forgets what was open before, as a crash of the process would.
  Status Open(const BlobstoreOpenOptions& options = {});
  Result<BlobId> Create(uint64_t clusters, std::vector<Xattr> xattrs = {});
  Status Delete(BlobId id);
  Status Resize(BlobId id, uint64_t clusters);
  Status Move(BlobId id, std::vector<ClusterMove> moves);
  Status SetXattrAndSync(BlobId id, std::string_view name, std::string_view value);
  Status Sync(BlobId id);
  Status Close();

  // "", or all that is wrong with the device, one problem a line.
  std::string Check();

  // Straight to the device.
  std::vector<uint8_t> Read(uint64_t offset_bytes, size_t length_bytes);
  void Write(uint64_t offset_bytes, std::span<const uint8_t> bytes);
  SuperBlock ReadSuper();
  void WriteSuper(const SuperBlock& super);
  uint64_t MetadataOffset(uint32_t index);
  MetadataPage ReadMetadata(uint32_t index);  // whole, or the test ends
  void WriteMetadata(uint32_t index, const MetadataPage& page);
  void FlipBit(uint64_t offset_bytes, uint32_t bit);

 private:
  std::unique_ptr<Device> device_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<Blobstore> store_;
};

}  // namespace ashlar
