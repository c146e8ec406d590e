#include "ashlar/store.h"

#include <algorithm>
#include <cstring>
#include <shared_mutex>
#include <utility>

#include "cpp/base/crc32c.h"
#include "cpp/base/units.h"
#include "cpp/chunk/device_source.h"
#include "cpp/chunk/store_core.h"
#include "cpp/chunk/store_table.h"
#include "cpp/runtime/reader_gate.h"

namespace ashlar {

Store::Store(std::shared_ptr<StoreCore> core) : core_(std::move(core)) {}
Store::~Store() = default;

Result<std::shared_ptr<Store>> Store::Open(const std::shared_ptr<StoreRuntime>& runtime,
                                           const StoreOpenOptions& options) {
  std::shared_lock<std::shared_mutex> lock(runtime->impl_->lifecycle);
  if (runtime->impl_->stopped) return Status::Closed("the runtime has been stopped");
  Result<std::unique_ptr<Device>> device = OpenStoreDevice(options.device);
  if (!device.ok()) return device.status();
  Result<uint64_t> number = OpenStores().Reserve();
  if (!number.ok()) return number.status();
  auto core = std::make_shared<StoreCore>(runtime, std::move(device).value(), options, *number);
  const Status loaded = core->Load();
  if (!loaded.ok()) {
    OpenStores().Remove(*number);
    return loaded;
  }
  std::shared_ptr<Store> store(new Store(core));
  OpenStores().Publish(*number, store, core.get());
  return store;
}

std::shared_ptr<Store> Store::Find(uint64_t number) { return OpenStores().Find(number); }

uint64_t Store::number() const { return core_->number(); }
StoreNumbers Store::Numbers() const { return core_->Numbers(); }
StoreId Store::id() const { return core_->id(); }
std::vector<std::string> Store::Damage() const { return core_->damage(); }
MetadataPlace Store::metadata_place() const { return core_->metadata_place(); }
Status Store::FinishFormat() { return core_->FinishFormat(); }
Result<std::shared_ptr<BlobFs>> Store::MountFiles(uint64_t buffer_bytes) {
  return core_->MountFiles(buffer_bytes);
}
Result<uint64_t> Store::Generation() { return core_->Generation(); }
Status Store::SetGeneration(uint64_t generation) { return core_->SetGeneration(generation); }
Result<std::vector<SpaceBlob>> Store::SpaceBlobs() { return core_->SpaceBlobs(); }
Status Store::MarkUsed(std::span<const SpaceRun> runs, std::vector<BadRun>* first_bad) {
  return core_->MarkUsed(runs, first_bad);
}
Status Store::LoadBitmap(uint32_t root, std::span<const uint64_t> words) {
  return core_->LoadBitmap(root, words);
}
Result<std::vector<uint64_t>> Store::Bitmap(uint32_t root) { return core_->Bitmap(root); }
Status Store::Start() { return core_->Start(); }
Status Store::Quiesce() { return core_->Quiesce(); }
Status Store::Close(bool clean) { return core_->Close(clean); }

// --- inline I/O ----------------------------------------------------------------------------------

namespace {

constexpr int kErrnoFactor = 256;

constexpr int Negative(StatusCode code) { return -static_cast<int>(code); }

}  // namespace

int Store::ReadInline(uint64_t store_number, void* address, uint32_t offset_in_page,
                      uint32_t length_bytes, uint64_t location, uint32_t crc) {
  ReaderGate::Pass pass;
  StoreCore* core = OpenStores().Pinned(store_number);
  if (core == nullptr) return Negative(StatusCode::kClosed);
  return core->ReadInline(address, offset_in_page, length_bytes, PageAddress{location}, crc);
}

int Store::FlushInline(uint64_t store_number) {
  ReaderGate::Pass pass;
  StoreCore* core = OpenStores().Pinned(store_number);
  if (core == nullptr) return Negative(StatusCode::kClosed);
  return core->FlushInline();
}

bool Store::IsMetadataSpaceLow(uint64_t store_number) {
  ReaderGate::Pass pass;
  const StoreCore* core = OpenStores().Pinned(store_number);
  return core != nullptr && core->IsMetadataSpaceLow();
}

int StoreCore::FlushInline() {
  if (!device_->SupportsInlineFlush()) return Negative(StatusCode::kNotSupported);
  const int result = device_->FlushInline();
  if (result == 0) return 0;
  const Status status = Status::FromErrno(-result, "flush of " + device_->info().name);
  OnDeviceFailure(status);
  return Negative(status.code()) + kErrnoFactor * result;
}

int StoreCore::ReadInline(void* address, uint32_t offset_in_page, uint32_t length_bytes,
                          PageAddress location, uint32_t crc) {
  if (!inline_read_) return Negative(StatusCode::kNotSupported);
  if (length_bytes == 0 || length_bytes > kPageBytes ||
      offset_in_page > kPageBytes - length_bytes) {
    return Negative(StatusCode::kInvalidArgument);
  }
  const uint64_t offset_bytes = directory_.DeviceOffset(location);
  if (offset_bytes == BlobDirectory::kNowhere) return Negative(StatusCode::kCorrupt);
  // A whole page goes straight to the caller and is verified there; a part of one is copied from a
  // page that was.
  alignas(kPageBytes) uint8_t whole_page[kPageBytes];
  const bool direct =
      length_bytes == kPageBytes && reinterpret_cast<uintptr_t>(address) % memory_alignment_ == 0;
  void* page = direct ? address : whole_page;
  const int result = device_->ReadInline(offset_bytes, page, kPageBytes);
  if (result < 0) return Negative(Status::FromErrno(-result, {}).code());
  if (Crc32c(page, kPageBytes) != crc) return Negative(StatusCode::kChecksumMismatch);
  if (!direct) std::memcpy(address, whole_page + offset_in_page, length_bytes);
  return 0;
}

}  // namespace ashlar
