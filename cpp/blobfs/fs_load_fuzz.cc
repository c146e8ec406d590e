// A blobstore whose blobs carry any xattrs opens as a BlobFS: what is no file is reported, what is
// one can be read and deleted, and what another user of the device owns stays.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "cpp/blobfs/file_format.h"
#include "cpp/runtime/runtime.h"
#include "cpp/testing/test_blobstore.h"
#include "cpp/testing/test_fs.h"

namespace {

using namespace ashlar;

constexpr uint32_t kClusterBytes = 64u << 10;

void Require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  uint8_t Byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  std::string Bytes(size_t length) {
    length = std::min(length, size_);
    std::string bytes(reinterpret_cast<const char*>(data_), length);
    data_ += length;
    size_ -= length;
    return bytes;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

// An xattr of a file with a good value, or any value; or any xattr.
Xattr SomeXattr(Input& input) {
  static const char* const kNames[] = {
      "name",       "length",      "is_deleted", "ashlar.id", "ashlar.generation",
      "ashlar.log", "ashlar.mtime"};
  const uint8_t kind = input.Byte();
  switch (kind % 8) {
    case 0:
      return NameXattr(input.Bytes(input.Byte() % 8));
    case 1:
      return LengthXattr(uint64_t{input.Byte()} << (input.Byte() % 64));
    case 2:
      return GenerationXattr(input.Byte());
    case 3:
      return LogXattr({.unit_bytes = 512u << (input.Byte() % 6),
                       .log_id = input.Byte(),
                       .session = input.Byte(),
                       .known_bytes = uint64_t{input.Byte()} << (input.Byte() % 64),
                       .sealed = input.Byte() % 2 == 0});
    case 4:
      return DeletedXattr();
    case 5:
      return {"x" + input.Bytes(3), input.Bytes(input.Byte())};
    default:
      return {kNames[input.Byte() % std::size(kNames)], input.Bytes(input.Byte() % 40)};
  }
}

DiskImage EmptyImage() {
  CrashDeviceOptions options;
  options.size_bytes = 4 * kMiB;
  options.sector_bytes = 4096;
  const auto device = TestFs::NewCrashDevice(options);
  TestFs fs(device);
  Require(fs.Format().ok() && fs.Close().ok());
  return device->FullImage(device->log_position());
}

std::vector<std::string> OthersOf(const std::shared_ptr<CrashDevice>& device) {
  TestBlobstore store(std::make_unique<SharedDevice>(device, RequestObserver(), nullptr));
  Require(store.Open().ok());
  std::vector<std::string> names;
  for (const BlobId id : store->blobs()) {
    const auto metadata = DecodeFileMetadata(store->Xattrs(id).value());
    if (metadata.ok() && metadata.value().name.starts_with(kReservedFolder)) {
      names.push_back(metadata.value().name);
    }
  }
  Require(store.Close().ok());
  return names;
}

void MakeBlobs(const std::shared_ptr<CrashDevice>& device, Input input) {
  TestBlobstore store(std::make_unique<SharedDevice>(device, RequestObserver(), nullptr));
  Require(store.Open().ok());
  for (int blobs = 0; blobs < 12 && !input.empty(); ++blobs) {
    std::vector<Xattr> xattrs;
    for (int count = input.Byte() % 6; count > 0; --count) {
      Xattr xattr = SomeXattr(input);
      const auto same = [&](const Xattr& other) { return other.name == xattr.name; };
      if (std::none_of(xattrs.begin(), xattrs.end(), same)) xattrs.push_back(std::move(xattr));
    }
    // What the blobstore refuses is not on any device.
    [[maybe_unused]] const auto created = store.Create(input.Byte() % 3, xattrs);
  }
  Require(store.Close().ok());
}

void UseAndDeleteAll(TestFs& fs) {
  for (const std::string& name : fs->List("")) {
    const auto stat = fs->Stat(name);
    const auto file = fs->Open(name, {});
    if (file.ok()) {
      Require(stat.ok());
      std::vector<uint8_t> bytes(2 * kClusterBytes + 1);
      const auto got = file.value()->Read(0, bytes);
      Require(!got.ok() || got.value() == stat.value().size_bytes);
    }
    [[maybe_unused]] const Status moved = fs->Rename(name, "/moved");
    Require(fs->Delete(moved.ok() ? "/moved" : name).ok());
  }
  Require(fs->List("").empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Not started and stopped with each input.
  static const std::shared_ptr<Runtime> runtime = Runtime::Acquire({}).value();
  static const DiskImage empty = EmptyImage();
  CrashDeviceOptions options;
  options.sector_bytes = 4096;
  options.max_delay_polls = 0;
  const auto device = TestFs::NewCrashDevice(options, empty);
  MakeBlobs(device, Input(data, size));
  const std::vector<std::string> others = OthersOf(device);
  BlobFsOptions beside;
  beside.write_beside_chunk_store = true;
  TestFs fs(device);
  Require(fs.Open(beside).ok());
  const size_t damaged = fs->report().damage.size();
  UseAndDeleteAll(fs);
  Require(fs.Close().ok());
  Require(OthersOf(device) == others);
  Require(fs.Open(beside).ok());
  Require(fs->report().damage.size() <= damaged && fs->report().removed == 0);
  Require(fs.Close().ok());
  return 0;
}
