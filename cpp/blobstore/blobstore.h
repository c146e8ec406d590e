// The blobstore: blobs with xattrs on a device, in SPDK Blobstore's version 3 format.
//
// A blob is an ordered list of clusters with an id and xattrs. This class keeps the metadata of all
// blobs in memory and writes changes so that a crash at any moment leaves each change entirely
// there or entirely absent (docs/format.md says how). It moves no blob data: callers translate a
// position in a blob to a device offset and do their own I/O.
//
// Thread: everything belongs to the reactor that owns the channel given to Format or Open.
// Mutations may be issued while others are still running; they take effect one after the other, in
// the order of the calls. Arguments given by reference live until the task has finished.
//
// Always holds: no cluster and no metadata page has two owners; space released by a mutation is
// given out again only after the root page that drops it is durable; after a failed write or flush
// every later mutation returns that first error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/device.h"
#include "ashlar/status.h"
#include "cpp/base/units.h"
#include "cpp/blobstore/blob_types.h"
#include "cpp/device/device.h"
#include "cpp/runtime/task.h"

namespace ashlar {

struct BlobstoreFormatOptions {
  uint32_t cluster_bytes = 1u << 20;  // a power of two, 64 KiB to 1 GiB
  std::string type = "BLOBFS";        // at most 16 bytes; what SPDK calls bstype
  // Pages of the metadata region: every blob takes one, and one more per 512 clusters. 0: one per
  // cluster, at most 131072, rounded up to fill the last cluster that holds metadata.
  uint32_t metadata_pages = 0;
};

struct BlobstoreOpenOptions {
  bool read_only = false;  // nothing is ever written; mutations fail with ReadOnly
  std::string type;        // WrongFormat if the device's type differs; empty: any
};

// What Open found and did.
struct BlobstoreOpenReport {
  bool was_clean = false;  // closed cleanly and the masks agree with the metadata; else replayed
  std::string masks_distrusted;  // why the masks of a clean device were not believed; usually empty
  bool super_block_repaired = false;  // torn, restored from the shadow copy
  uint32_t roots_repaired = 0;        // likewise
  // Root pages and the super block are written through the shadow copy: the device tears 4 KiB
  // writes, and the area for it is there. False with atomic_writes == false: a power loss during a
  // metadata write may damage one blob (the device was formatted without the area).
  bool shadowed = false;
  bool atomic_writes = false;  // the device does not tear 4 KiB writes
  std::vector<DamagedBlob> damaged;
  uint64_t withheld_clusters = 0;  // owned by no loaded blob, perhaps by a damaged one: not reused
  // Some damaged blob's clusters are unknown: nothing can be allocated until the device is
  // repaired.
  bool allocation_refused = false;
};

struct BlobCreateOptions {
  uint64_t clusters = 0;
  std::vector<Xattr> xattrs;  // in the first version of the blob's metadata
  bool may_use_reserve = false;
};

class Blobstore {
 public:
  // Writes an empty blobstore. The old super block goes first and the new one comes last, each
  // behind a flush: a crash leaves what was there before, or a device that Open refuses.
  // InvalidArgument: an option is out of range, or the device is too small for the cluster size.
  static Task<Status> Format(Channel& channel, const DeviceInfo& info,
                             const BlobstoreFormatOptions& options);

  // Loads the metadata. The channel outlives the blobstore.
  // WrongFormat: not a version 3 blobstore, or of another type. Corrupt: the super block is
  // damaged, or contradicts the device. Damaged blobs are no error: see open_report().
  static Task<Result<std::unique_ptr<Blobstore>>> Open(Channel& channel, const DeviceInfo& info,
                                                       const BlobstoreOpenOptions& options);

  // Without Close the device stays marked dirty and the next Open replays the metadata. No task of
  // this blobstore may be unfinished.
  ~Blobstore();

  Blobstore(const Blobstore&) = delete;
  Blobstore& operator=(const Blobstore&) = delete;

  const BlobstoreOpenReport& open_report() const;
  const std::string& type() const;
  uint32_t cluster_bytes() const;
  uint64_t size_bytes() const;      // of the part of the device that clusters cover
  uint64_t total_clusters() const;  // with those that hold metadata
  uint64_t data_clusters() const;   // those that blobs can have
  uint64_t free_clusters() const;   // this and the next: any thread may ask
  uint64_t free_metadata_pages() const;
  // So many free clusters are given out only where a BlobCreateOptions may use them, and are not
  // counted as free. At first none.
  void SetReserve(uint64_t clusters);
  // The first failed write or flush; from then on mutations fail with it.
  const Status& failure() const;

  // Ids of the loaded blobs, ascending.
  std::vector<BlobId> blobs() const;
  bool Contains(BlobId id) const;

  // NotFound for all of these: no such blob (or no such xattr).
  Result<BlobInfo> Info(BlobId id) const;
  Result<std::string> GetXattr(BlobId id, std::string_view name) const;
  Result<std::vector<Xattr>> Xattrs(BlobId id) const;

  // Where data lies. InvalidArgument: past the blob's end. NotSupported: BlobAccess::kRefused.
  Result<ClusterIndex> ClusterOf(BlobId id, uint64_t index_in_blob) const;
  Result<std::vector<ClusterIndex>> ClustersOf(BlobId id) const;
  Result<uint64_t> DeviceOffsetOf(BlobId id, uint64_t offset_in_blob_bytes) const;
  uint64_t OffsetOfCluster(ClusterIndex cluster) const {
    return cluster.value * uint64_t{cluster_bytes()};
  }

  // Mutations. Durable when the task returns Ok. Common errors: ReadOnly (opened so, or the blob
  // is), NotFound, Closed, and the first failure. OutOfSpace: nothing has changed, on disk or in
  // memory.

  // New clusters keep what they held before: callers never read what they have not written.
  Task<Result<BlobId>> Create(const BlobCreateOptions& options);
  Task<Status> Delete(BlobId id);
  // Grows at the end, or gives back the clusters at the end.
  Task<Status> Resize(BlobId id, uint64_t clusters);

  // A free cluster for data that is to move: `id` has it, but it is none of its clusters yet. In
  // memory only: what SyncData has not used is free again when the blob or the blobstore goes.
  Result<ClusterIndex> TakeSpare(BlobId id);

  // In memory, visible to the getters at once; durable with the next SyncMetadata or Close (a
  // Resize does not carry them). All changes to one blob since its last sync become durable
  // together.
  Status SetXattr(BlobId id, std::string_view name, std::string_view value);
  Status RemoveXattr(BlobId id, std::string_view name);
  Task<Status> SyncMetadata(BlobId id);
  // For a blob whose data was written before, and not flushed: makes the data durable, and then the
  // change, with what SetXattr has changed, in one atomic step. No sync of another takes any of the
  // change along.
  Task<Status> SyncData(BlobId id, DataChange change);

  // Syncs what SetXattr changed, saves the masks and marks the device clean. With
  // allocation_refused it stays dirty, so that each open looks at all there is. Mutations after it
  // fail with Closed; a second Close is Ok.
  Task<Status> Close();

 private:
  class Impl;
  explicit Blobstore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ashlar
