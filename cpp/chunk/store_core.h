// The inside of a Store: the device, the blobstore and the parts of the store on each reactor, with
// the order in which they come and go.
//
// Threads: calls that change the state of the whole store hold the control lock and run in the
// caller's thread, which sends reactors their part and waits. What reactors use (the accessors)
// does not change between Load and the end of Close.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ashlar/store.h"
#include "cpp/blobfs/blobfs.h"
#include "cpp/blobstore/blobstore.h"
#include "cpp/chunk/blob_directory.h"
#include "cpp/chunk/runtime_impl.h"
#include "cpp/chunk/space_manager.h"
#include "cpp/chunk/store_identity.h"
#include "cpp/chunk/store_reactor.h"
#include "cpp/device/device.h"
#include "cpp/runtime/task.h"

namespace ashlar {

class StoreCore {
 public:
  StoreCore(std::shared_ptr<StoreRuntime> runtime, std::unique_ptr<Device> device,
            const StoreOpenOptions& options, uint64_t number);
  ~StoreCore();

  // --- reactors ---

  Device& device() { return *device_; }
  BlobDirectory& directory() { return directory_; }
  SpaceManager& space() { return *space_; }
  uint32_t reactor_count() const { return static_cast<uint32_t>(reactors_.size()); }
  StoreReactor& At(uint32_t index) { return *reactors_[index]; }
  StoreReactor& Here() { return *reactors_[Reactor::Current()->index()]; }
  Status Publish(PrivateBlob* blob) { return directory_.Add(blob); }
  void Unpublish(PrivateBlob* blob) { directory_.Remove(blob->root); }
  void CountInternalError() { internal_errors_.fetch_add(1, std::memory_order_relaxed); }
  // Clusters that chunk data must leave free at this moment.
  uint64_t ReserveNow() const;
  // A flush, or a write of the blobstore, has failed: the files of the device learn of it (R10).
  void OnDeviceFailure(const Status& failure);

  // --- any thread but a reactor's ---

  // Opens the channels, formats if asked to, loads blobstore and space. After a failure only the
  // destructor may follow.
  Status Load();

  uint64_t number() const { return number_; }
  const StoreId& id() const { return identity_.id; }
  const std::vector<std::string>& damage() const { return damage_; }
  StoreNumbers Numbers();

  MetadataPlace metadata_place() const { return metadata_place_.load(std::memory_order_relaxed); }
  Status FinishFormat();
  Result<std::shared_ptr<BlobFs>> MountFiles(uint64_t buffer_bytes);

  Result<uint64_t> Generation();
  Status SetGeneration(uint64_t generation);
  Result<std::vector<SpaceBlob>> SpaceBlobs();
  Status MarkUsed(std::span<const SpaceRun> runs, std::vector<BadRun>* first_bad);
  Status LoadBitmap(uint32_t root, std::span<const uint64_t> words);
  Result<std::vector<uint64_t>> Bitmap(uint32_t root);
  Status Start();
  Status Quiesce();
  Status Close(bool clean);

  // In the ReaderGate, any thread.
  int ReadInline(void* address, uint32_t offset_in_page, uint32_t length_bytes,
                 PageAddress location, uint32_t crc);
  int FlushInline();
  bool IsMetadataSpaceLow() const;

 private:
  enum class Phase { kRecovering, kRunning, kQuiet, kClosed };

  Task<Status> LoadBlobstore();
  Task<Status> MakeIdentity();
  Status CheckGeometry() const;
  Status OpenDriven();
  void DrainDriven();
  void CloseDriven();
  Status CheckRoomForMetadata(uint32_t cluster_bytes) const;
  BlobFsParts Parts();
  Status DescribeMissingIdentity(const Status& why) const;
  Reactor& home() { return At(0).reactor(); }
  // Runs function(StoreReactor&) on every reactor, one after the other, and waits.
  template <typename Function>
  void OnEachReactor(Function function) {
    for (const std::unique_ptr<StoreReactor>& part : reactors_) {
      BlockOn(part->reactor(), [&]() -> Task<bool> {
        function(*part);
        co_return true;
      });
    }
  }
  bool IsDamaged(uint32_t root) const;
  Status CheckPhase(bool allowed, const char* call) const;
  Status WriteIdentityLocked(const char* xattr, uint64_t value);
  Status WriteGenerationLocked(uint64_t generation);
  Status CloseFilesLocked(bool clean);
  Status QuiesceLocked();
  void DrainLocked();
  void SettleLocked();
  void TearDown();

  const std::shared_ptr<StoreRuntime> runtime_;
  std::unique_ptr<Device> device_;
  const StoreOpenOptions options_;
  const uint64_t number_;
  const uint32_t memory_alignment_;
  const bool inline_read_;
  BlobDirectory directory_;
  std::vector<std::unique_ptr<StoreReactor>> reactors_;
  std::unique_ptr<StoreReactor> driven_;  // null where the device's channels cannot be shared
  std::unique_ptr<Blobstore> blobstore_;
  std::unique_ptr<SpaceManager> space_;
  std::shared_ptr<BlobFs> files_;                // null unless they are mounted
  std::atomic<BlobFs*> files_to_tell_{nullptr};  // the same, while it may be told of failures
  uint64_t reserve_clusters_ = 0;
  StoreIdentity identity_;
  std::atomic<MetadataPlace> metadata_place_{MetadataPlace::kElsewhere};  // of identity_
  std::vector<std::string> damage_;
  std::vector<uint32_t> damaged_roots_;

  std::mutex control_;
  Phase phase_ = Phase::kRecovering;
  bool marked_dirty_ = false;  // by a change of metadata since the open
  StoreNumbers last_numbers_;  // when closed
  std::atomic<int64_t> recovered_pages_{0};
  std::atomic<uint64_t> internal_errors_{0};
};

}  // namespace ashlar
