#include "cpp/chunk/store_core.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <thread>
#include <utility>

#include "cpp/chunk/space_reserve.h"
#include "cpp/chunk/store_table.h"

namespace ashlar {

StoreCore::StoreCore(std::shared_ptr<StoreRuntime> runtime, std::unique_ptr<Device> device,
                     const StoreOpenOptions& options, uint64_t number)
    : runtime_(std::move(runtime)),
      device_(std::move(device)),
      options_(options),
      number_(number),
      memory_alignment_(device_->info().memory_alignment),
      inline_read_(device_->SupportsInlineRead()) {
  for (uint32_t i = 0; i < runtime_->impl_->ops.size(); ++i) {
    reactors_.push_back(std::make_unique<StoreReactor>(*this, *runtime_->impl_->ops[i], i));
  }
}

StoreCore::~StoreCore() { TearDown(); }

// --- open ----------------------------------------------------------------------------------------

Status StoreCore::Load() {
  Status status;
  OnEachReactor([&](StoreReactor& part) {
    if (status.ok()) status = part.OpenChannel();
  });
  if (!status.ok()) return status;
  status = BlockOn(home(), [this] { return LoadBlobstore(); });
  if (!status.ok()) return status;
  OnEachReactor(
      [this](StoreReactor& part) { runtime_->impl_->ops[part.index()]->AddStore(number_, &part); });
  return OpenDriven();
}

Task<Status> StoreCore::LoadBlobstore() {
  Channel& channel = At(0).channel();
  const DeviceInfo& info = device_->info();
  if (options_.format) {
    BlobstoreFormatOptions format;
    format.cluster_bytes = options_.format_options.cluster_bytes;
    if (format.cluster_bytes == 0) format.cluster_bytes = ClusterBytesFor(info.size_bytes);
    format.type = kBlobFsType;
    if (options_.metadata_on_device) {
      format.metadata_pages = MetadataPagesFor(info.size_bytes / format.cluster_bytes);
    }
    const Status fits =
        options_.metadata_on_device ? CheckRoomForMetadata(format.cluster_bytes) : Status::Ok();
    if (!fits.ok()) co_return fits;
    const Status formatted = co_await Blobstore::Format(channel, info, format);
    if (!formatted.ok()) co_return formatted;
  }
  BlobstoreOpenOptions open;
  open.read_only = options_.device.read_only;
  Result<std::unique_ptr<Blobstore>> blobstore = co_await Blobstore::Open(channel, info, open);
  if (!blobstore.ok()) co_return blobstore.status();
  blobstore_ = std::move(blobstore).value();
  if (options_.format) {
    const Status made = co_await MakeIdentity();
    if (!made.ok()) co_return made;
  }
  Result<StoreIdentity> identity = FindIdentity(*blobstore_);
  if (!identity.ok()) co_return DescribeMissingIdentity(identity.status());
  identity_ = identity.value();
  metadata_place_.store(identity_.metadata, std::memory_order_relaxed);
  const Status geometry = CheckGeometry();
  if (!geometry.ok()) co_return geometry;
  const uint64_t clusters = blobstore_->data_clusters();
  const bool metadata_here = identity_.metadata != MetadataPlace::kElsewhere;
  reserve_clusters_ = metadata_here ? MetadataReserveClusters(clusters, blobstore_->cluster_bytes())
                                    : std::min<uint64_t>(options_.reserve_clusters, clusters / 16);
  space_ =
      std::make_unique<SpaceManager>(*this, *blobstore_, metadata_here ? kMetadataReservePages : 0);
  std::vector<DamagedBlob> damaged = blobstore_->open_report().damaged;
  std::vector<DamagedBlob> damaged_space = space_->LoadBlobs();
  damaged.insert(damaged.end(), damaged_space.begin(), damaged_space.end());
  for (const DamagedBlob& blob : damaged) {
    damaged_roots_.push_back(blob.root.value);
    damage_.push_back("blob " + std::to_string(blob.root.value) + ": " + blob.reason);
  }
  co_return Status::Ok();
}

Task<Status> StoreCore::MakeIdentity() {
  BlobCreateOptions create;
  create.xattrs = IdentityXattrs(
      options_.id, 0,
      options_.metadata_on_device ? MetadataPlace::kUnfinished : MetadataPlace::kElsewhere);
  Result<BlobId> created = co_await blobstore_->Create(create);
  co_return created.status();
}

// Before anything is written.
Status StoreCore::CheckRoomForMetadata(uint32_t cluster_bytes) const {
  const uint64_t clusters = device_->info().size_bytes / cluster_bytes;
  if (clusters >= kMinClustersWithMetadata) return Status::Ok();
  return Status::InvalidArgument(device_->info().name + " has only " + std::to_string(clusters) +
                                 " clusters of " + std::to_string(cluster_bytes) +
                                 " bytes; metadata on the device takes " +
                                 std::to_string(kMinClustersWithMetadata) +
                                 ": choose smaller clusters, or keep the metadata elsewhere");
}

Status StoreCore::CheckGeometry() const {
  const std::string& name = device_->info().name;
  if (!std::has_single_bit(blobstore_->cluster_bytes())) {
    return Status::NotSupported(name + " has clusters of " +
                                std::to_string(blobstore_->cluster_bytes()) +
                                " bytes; only powers of two are supported");
  }
  return Status::Ok();
}

Status StoreCore::DescribeMissingIdentity(const Status& why) const {
  if (why.code() != StatusCode::kNotFound) return why;
  return Status::WrongFormat(
      device_->info().name + " holds a blobstore of type \"" + blobstore_->type() +
      "\" without a chunk store (" + why.context() +
      "); open another device, or format this one, which destroys what it holds");
}

// --- numbers -------------------------------------------------------------------------------------

StoreNumbers StoreCore::Numbers() {
  std::lock_guard<std::mutex> lock(control_);
  if (phase_ == Phase::kClosed) return last_numbers_;
  StoreNumbers numbers;
  numbers.device = device_->info();
  numbers.counters = device_->counters();
  numbers.inline_read = inline_read_;
  numbers.driven_reads = driven_ != nullptr;
  numbers.cluster_bytes = blobstore_->cluster_bytes();
  numbers.clusters = blobstore_->data_clusters();
  numbers.free_clusters = blobstore_->free_clusters();
  numbers.reserve_clusters = reserve_clusters_;
  numbers.private_blobs = space_->private_blobs();
  numbers.private_pages = space_->private_pages();
  int64_t used_pages = recovered_pages_.load(std::memory_order_relaxed);
  for (const auto& part : reactors_) used_pages += part->used_pages_change();
  // The reactors' counts are read one after the other: a free may be seen before its allocation.
  numbers.used_pages = static_cast<uint64_t>(std::max<int64_t>(used_pages, 0));
  for (const auto& ops : runtime_->impl_->ops) numbers.buffer_bytes += ops->buffer_bytes();
  numbers.buffer_bytes += runtime_->impl_->driven_ops->buffer_bytes();
  numbers.was_clean = blobstore_->open_report().was_clean;
  numbers.internal_errors = internal_errors_.load(std::memory_order_relaxed);
  return numbers;
}

Result<uint64_t> StoreCore::Generation() {
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(CheckPhase(phase_ != Phase::kClosed, "Generation"));
  return identity_.generation;
}

Status StoreCore::SetGeneration(uint64_t generation) {
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(CheckPhase(phase_ != Phase::kClosed, "SetGeneration"));
  return WriteGenerationLocked(generation);
}

Status StoreCore::WriteIdentityLocked(const char* xattr, uint64_t value) {
  Status failure;
  const Status status = BlockOn(home(), [&]() -> Task<Status> {
    const Status set = blobstore_->SetXattr(identity_.blob, xattr, EncodeLittle64(value));
    if (!set.ok()) co_return set;
    const Status synced = co_await blobstore_->SyncMetadata(identity_.blob);
    failure = blobstore_->failure();
    co_return synced;
  });
  if (!failure.ok()) OnDeviceFailure(failure);
  if (status.ok()) marked_dirty_ = true;
  return status;
}

Status StoreCore::WriteGenerationLocked(uint64_t generation) {
  ASHLAR_RETURN_IF_ERROR(WriteIdentityLocked(kGenerationXattr, generation));
  identity_.generation = generation;
  return Status::Ok();
}

Status StoreCore::CheckPhase(bool allowed, const char* call) const {
  if (allowed) return Status::Ok();
  if (phase_ == Phase::kClosed) {
    return Status::Closed("the store on " + last_numbers_.device.name + " is closed");
  }
  return Status::InvalidArgument(std::string(call) + " does not fit the state of the store: " +
                                 (phase_ == Phase::kRecovering ? "not started yet"
                                  : phase_ == Phase::kRunning  ? "running"
                                                               : "quiet"));
}

// --- end -----------------------------------------------------------------------------------------

// Reactors refuse operations from now on; returns when none is in flight. All of them stop taking
// operations before any is torn down, because frees travel between them.
void StoreCore::DrainLocked() {
  for (const auto& part : reactors_) {
    BlockOn(part->reactor(), [&] { return part->Drain(); });
  }
  DrainDriven();
}

void StoreCore::SettleLocked() {
  BlockOn(home(), [this] { return space_->Settle(); });
}

Status StoreCore::Quiesce() {
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(CheckPhase(phase_ != Phase::kClosed, "Quiesce"));
  return QuiesceLocked();
}

Status StoreCore::QuiesceLocked() {
  if (phase_ == Phase::kQuiet) return Status::Ok();
  DrainLocked();
  SettleLocked();
  OnEachReactor([](StoreReactor& part) { part.LetGoOfAll(); });
  SettleLocked();
  if (phase_ == Phase::kRunning) phase_ = Phase::kQuiet;
  return Status::Ok();
}

Status StoreCore::Close(bool clean) {
  {
    std::lock_guard<std::mutex> lock(control_);
    ASHLAR_RETURN_IF_ERROR(CheckPhase(phase_ != Phase::kClosed, "Close"));
  }
  // Inline reads leave before the device goes; new ones find nothing.
  OpenStores().Remove(number_);
  last_numbers_ = Numbers();
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(CheckPhase(phase_ != Phase::kClosed, "Close"));
  // Files first: what they could not make durable leaves the device unclean.
  Status status = CloseFilesLocked(clean);
  if (clean && status.ok() && !options_.device.read_only) {
    status = QuiesceLocked();
    if (status.ok()) {
      status = BlockOn(home(), [this]() -> Task<Status> {
        const Status closed = co_await blobstore_->Close();
        co_return closed;
      });
    }
  } else {
    DrainLocked();
    SettleLocked();
  }
  phase_ = Phase::kClosed;
  TearDown();
  return status;
}

Status StoreCore::CloseFilesLocked(bool clean) {
  files_to_tell_.store(nullptr, std::memory_order_release);
  if (files_ == nullptr) return Status::Ok();
  if (!clean) {
    files_->Abandon();
    return Status::Ok();
  }
  const Status closed = files_->Close();  // Closed: by its user, who was told of any failure
  return closed.code() == StatusCode::kClosed ? files_->failure() : closed;
}

// Nothing is in flight.
void StoreCore::TearDown() {
  if (device_ == nullptr) return;
  [[maybe_unused]] const Status abandoned = CloseFilesLocked(false);
  files_.reset();
  OnEachReactor(
      [this](StoreReactor& part) { runtime_->impl_->ops[part.index()]->RemoveStore(number_); });
  space_.reset();
  blobstore_.reset();
  OnEachReactor([](StoreReactor& part) { part.CloseChannel(); });
  CloseDriven();
  reactors_.clear();
  device_.reset();
}

// --- the part on the driven reactor --------------------------------------------------------------

Status StoreCore::OpenDriven() {
  OpReactor& ops = *runtime_->impl_->driven_ops;
  auto part = std::make_unique<StoreReactor>(*this, ops, reactor_count());
  const Status opened = ops.reactor().RunHere([&] {
    const Status status = part->OpenChannel();
    if (status.ok()) ops.AddStore(number_, part.get());
    return status;
  });
  ops.reactor().Wake();  // who sleeps there has not announced it to the new channel
  if (opened.code() == StatusCode::kNotSupported) return Status::Ok();
  if (opened.ok()) driven_ = std::move(part);
  return opened;
}

// Not left to those who drive: they may be busy with something else for long.
void StoreCore::DrainDriven() {
  if (driven_ == nullptr) return;
  while (!driven_->reactor().RunHere([this] { return driven_->TryDrain(); })) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

void StoreCore::CloseDriven() {
  if (driven_ == nullptr) return;
  OpReactor& ops = *runtime_->impl_->driven_ops;
  ops.reactor().RunHere([&] {
    ops.RemoveStore(number_);
    driven_->CloseChannel();
  });
  driven_.reset();
}

}  // namespace ashlar
