// The state behind Blobstore. Private to this folder: blobstore.cc has the getters, blobstore_*.cc
// one job each.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ashlar/status.h"
#include "cpp/blobstore/bitmap.h"
#include "cpp/blobstore/blob_layout.h"
#include "cpp/blobstore/blobstore.h"
#include "cpp/blobstore/metadata_load.h"
#include "cpp/blobstore/page_io.h"
#include "cpp/blobstore/shadow.h"
#include "cpp/blobstore/super_block.h"
#include "cpp/blobstore/update_plan.h"
#include "cpp/runtime/async_mutex.h"

namespace ashlar {

class Blobstore::Impl {
 public:
  Impl(Channel& channel, const DeviceInfo& info, const BlobstoreOpenOptions& options)
      : io_(channel, info), read_only_(options.read_only), wanted_type_(options.type) {}

  // blobstore_open.cc
  Task<Status> Open();

  // blobstore_mutate.cc
  Task<Result<BlobId>> Create(const BlobCreateOptions& options);
  Task<Status> Delete(BlobId id);
  Task<Status> Resize(BlobId id, uint64_t clusters);
  Result<ClusterIndex> TakeSpare(BlobId id);
  Status SetXattr(BlobId id, std::string_view name, std::string_view value);
  Status RemoveXattr(BlobId id, std::string_view name);
  Task<Status> SyncMetadata(BlobId id);
  Task<Status> SyncData(BlobId id, DataChange change);
  Task<Status> Close();

  // A blob in memory.
  struct Blob {
    BlobMetadata durable;  // as on the device
    std::vector<Xattr> xattrs;
    bool needs_sync = false;
    std::vector<uint32_t> spares;  // clusters taken, and not moved to yet
    BlobAccess access = BlobAccess::kReadWrite;
    std::string access_reason;
  };

  // Null: no such blob.
  const Blob* Find(BlobId id) const;
  Blob* Find(BlobId id);
  static Status NoSuchBlob(BlobId id);

  const BlobstoreOpenReport& report() const { return report_; }
  const SuperBlock& super() const { return super_; }
  const Status& failure() const { return failure_; }
  const std::map<uint32_t, Blob>& blobs() const { return blobs_; }
  void SetReserve(uint64_t clusters) {
    reserve_clusters_ = clusters;
    CountFree();
  }
  uint64_t free_clusters() const { return free_clusters_.load(std::memory_order_relaxed); }
  uint64_t free_metadata_pages() const {
    return free_metadata_pages_.load(std::memory_order_relaxed);
  }

 private:
  // At the end of every change, however it ends.
  class Recount {
   public:
    explicit Recount(Impl& impl) : impl_(impl) {}
    ~Recount() { impl_.CountFree(); }
    Recount(const Recount&) = delete;
    Recount& operator=(const Recount&) = delete;

   private:
    Impl& impl_;
  };

  // blobstore_open.cc
  Task<Status> ReadSuperBlock();
  Task<Status> ReadShadow(uint64_t start_page);
  Task<Result<StoredMasks>> ReadMasks();
  Task<Status> ScanPages(const Bitmap* only, ScannedPages* pages);
  Task<Status> ScanWindow(uint64_t begin, uint64_t end, std::span<uint8_t> buffer,
                          const Bitmap* only, ScannedPages* pages);
  void ScanPage(uint32_t index, std::span<uint8_t> bytes, ScannedPages* pages);
  Task<Status> LoadBlobs();
  void Adopt(LoadedMetadata loaded);
  Task<Status> WriteRepairs();

  // blobstore_mutate.cc
  Status CheckMutable() const;
  Result<Blob*> FindWritable(BlobId id);
  uint64_t FreeClusters(bool with_reserve) const;
  Result<std::vector<uint32_t>> TakeClusters(uint64_t count, bool may_use_reserve = false);
  void GiveBackClusters(const std::vector<uint32_t>& clusters);
  void CountFree();
  Status Fail(Status status);
  Task<Status> SyncBlob(Blob* blob, std::span<const ClusterMove> moves, bool flush_first);

  // blobstore_persist.cc: the order of writes and flushes.
  Task<Status> MarkDirty();
  Task<Status> MarkClean();
  Task<Status> WriteMasks();
  Task<Status> WriteMask(format::MaskType type, const Bitmap& bitmap, PageRange where);
  Task<Status> WriteUpdate(const UpdatePlan& plan, bool flush_first = false);
  Task<Status> WriteNewPages(std::span<const PlannedPage> pages);
  Task<Status> WriteRemoval(const BlobMetadata& blob);
  Task<Status> WriteSuperBlock(bool clean);
  Task<Status> ReplacePage(uint64_t page, std::span<uint8_t> image, bool flush_first);

  uint64_t MetadataOffset(uint32_t index) const {
    return (uint64_t{super_.metadata.start} + index) * kPageBytes;
  }

  PageIo io_;
  const bool read_only_;
  const std::string wanted_type_;
  SuperBlock super_;
  BlobstoreOpenReport report_;
  std::map<uint32_t, Blob> blobs_;  // by root page
  Bitmap used_pages_;
  Bitmap used_clusters_;
  uint64_t reserve_clusters_ = 0;
  // Of the two, for other threads.
  std::atomic<uint64_t> free_clusters_{0};
  std::atomic<uint64_t> free_metadata_pages_{0};

  // The shadow area's content at open; pages found torn are restored from it.
  std::optional<ShadowSlot> shadow_slot_;
  std::vector<uint64_t> repaired_pages_;
  // With a shadow: the page that was replaced last, and its content.
  uint64_t replaced_page_ = UINT64_MAX;
  std::array<uint8_t, kPageBytes> replaced_image_;

  AsyncMutex mutex_;             // one mutation at a time
  bool super_is_clean_ = false;  // what the super block on the device says
  bool changed_ = false;         // the masks on the device are not those in memory
  bool closed_ = false;
  Status failure_;
};

}  // namespace ashlar
