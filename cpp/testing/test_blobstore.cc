#include "cpp/testing/test_blobstore.h"

#include <algorithm>
#include <utility>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/check.h"
#include "cpp/testing/run_task.h"
#include "cpp/testing/sync_io.h"
#include "cpp/testing/test_spdk.h"

namespace ashlar {

TestBlobstore::TestBlobstore(std::unique_ptr<Device> device) : device_(std::move(device)) {
  auto channel = device_->OpenChannel();
  ASHLAR_CHECK(channel.ok());
  channel_ = std::move(channel).value();
}

TestBlobstore TestBlobstore::InMemory(uint64_t size_bytes, uint32_t sector_bytes) {
  auto device = OpenDevice(TestMemory(size_bytes, sector_bytes));
  ASHLAR_CHECK(device.ok());
  return TestBlobstore(std::move(device).value());
}

Status TestBlobstore::Format(const BlobstoreFormatOptions& options) {
  store_.reset();
  return RunTask(*channel_, Blobstore::Format(*channel_, device_->info(), options));
}

Status TestBlobstore::Open(const BlobstoreOpenOptions& options) {
  store_.reset();
  auto store = RunTask(*channel_, Blobstore::Open(*channel_, device_->info(), options));
  if (store.ok()) store_ = std::move(store).value();
  return store.status();
}

Result<BlobId> TestBlobstore::Create(uint64_t clusters, std::vector<Xattr> xattrs) {
  const BlobCreateOptions options{clusters, std::move(xattrs)};
  return RunTask(*channel_, store_->Create(options));
}

Status TestBlobstore::Delete(BlobId id) { return RunTask(*channel_, store_->Delete(id)); }

Status TestBlobstore::Resize(BlobId id, uint64_t clusters) {
  return RunTask(*channel_, store_->Resize(id, clusters));
}

Status TestBlobstore::Move(BlobId id, std::vector<ClusterMove> moves) {
  return RunTask(*channel_, store_->SyncData(id, {.moves = std::move(moves)}));
}

Status TestBlobstore::SetXattrAndSync(BlobId id, std::string_view name, std::string_view value) {
  ASHLAR_RETURN_IF_ERROR(store_->SetXattr(id, name, value));
  return Sync(id);
}

Status TestBlobstore::Sync(BlobId id) { return RunTask(*channel_, store_->SyncMetadata(id)); }

Status TestBlobstore::Close() { return RunTask(*channel_, store_->Close()); }

std::string TestBlobstore::Check() {
  const auto report = RunTask(*channel_, CheckBlobstore(*channel_, device_->info()));
  if (!report.ok()) return report.status().ToString();
  std::string text;
  for (const std::string& problem : report.value().problems) text.append(problem).append("\n");
  return text;
}

std::vector<uint8_t> TestBlobstore::Read(uint64_t offset_bytes, size_t length_bytes) {
  const uint64_t begin = RoundDown(offset_bytes, kPageBytes);
  AlignedBuffer buffer(static_cast<size_t>(offset_bytes - begin) + length_bytes);
  ASHLAR_CHECK(SyncRead(*channel_, begin, buffer.span()) == 0);
  const uint8_t* from = buffer.data() + (offset_bytes - begin);
  return std::vector<uint8_t>(from, from + length_bytes);
}

void TestBlobstore::Write(uint64_t offset_bytes, std::span<const uint8_t> bytes) {
  const uint64_t begin = RoundDown(offset_bytes, kPageBytes);
  AlignedBuffer buffer(static_cast<size_t>(offset_bytes - begin) + bytes.size());
  ASHLAR_CHECK(SyncRead(*channel_, begin, buffer.span()) == 0);
  std::copy(bytes.begin(), bytes.end(), buffer.data() + (offset_bytes - begin));
  ASHLAR_CHECK(SyncWrite(*channel_, begin, buffer.span()) == 0);
  ASHLAR_CHECK(SyncFlush(*channel_) == 0);
}

SuperBlock TestBlobstore::ReadSuper() {
  const std::vector<uint8_t> page = Read(0, kPageBytes);
  const std::span<const uint8_t> bytes = page;
  auto super = DecodeSuperBlock(bytes.first<kPageBytes>());
  ASHLAR_CHECK(super.ok());
  return std::move(super).value();
}

void TestBlobstore::WriteSuper(const SuperBlock& super) {
  std::vector<uint8_t> page(kPageBytes);
  EncodeSuperBlock(super, std::span<uint8_t>(page).first<kPageBytes>());
  Write(0, page);
}

uint64_t TestBlobstore::MetadataOffset(uint32_t index) {
  return ReadSuper().metadata.offset_bytes() + uint64_t{index} * kPageBytes;
}

MetadataPage TestBlobstore::ReadMetadata(uint32_t index) {
  const std::vector<uint8_t> bytes = Read(MetadataOffset(index), kPageBytes);
  auto page = DecodeMetadataPage(std::span<const uint8_t>(bytes).first<kPageBytes>());
  ASHLAR_CHECK(page.ok());
  return std::move(page).value();
}

void TestBlobstore::WriteMetadata(uint32_t index, const MetadataPage& page) {
  std::vector<uint8_t> bytes(kPageBytes);
  EncodeMetadataPage(page, std::span<uint8_t>(bytes).first<kPageBytes>());
  Write(MetadataOffset(index), bytes);
}

void TestBlobstore::FlipBit(uint64_t offset_bytes, uint32_t bit) {
  std::vector<uint8_t> byte = Read(offset_bytes, 1);
  byte[0] = static_cast<uint8_t>(byte[0] ^ (1u << bit));
  Write(offset_bytes, byte);
}

}  // namespace ashlar
