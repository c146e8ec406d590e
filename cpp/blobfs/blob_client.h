// The blobstore as other threads see it: each call goes to its reactor and waits.
//
// Any thread but a reactor's. After a failure of the blobstore, or Break(), changes are refused
// with the first failure: what the device holds is not certain any more (R10).
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "ashlar/status.h"
#include "cpp/base/units.h"
#include "cpp/blobstore/blobstore.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

class BlobClient {
 public:
  BlobClient(Reactor& home, Blobstore& blobstore) : home_(home), blobstore_(blobstore) {}

  uint64_t cluster_bytes() const { return blobstore_.cluster_bytes(); }

  struct Blob {
    BlobInfo info;
    std::vector<Xattr> xattrs;
  };
  std::vector<Blob> LoadAll();

  struct Numbers {
    uint64_t data_clusters = 0;
    uint64_t free_clusters = 0;
    uint64_t free_metadata_pages = 0;
  };
  Numbers ReadNumbers();
  void SetReserve(uint64_t clusters);

  // Device offsets of the clusters from number `first` on.
  Result<std::vector<uint64_t>> ClustersFrom(BlobId id, uint64_t first);

  Result<BlobId> Create(const BlobCreateOptions& options);
  Status Delete(BlobId id);
  Status Resize(BlobId id, uint64_t clusters);
  // A DataChange, with device offsets in place of clusters.
  struct Move {
    uint64_t index_in_blob = 0;
    uint64_t to_offset = 0;
  };
  struct Change {
    std::vector<Xattr> xattrs;
    std::vector<std::string> removed;
    std::vector<Move> moves;
  };
  // Device offset of a cluster for CommitData to move data to.
  Result<uint64_t> TakeSpare(BlobId id);
  // Sets the xattrs in one atomic step.
  Status Commit(BlobId id, const std::vector<Xattr>& xattrs);
  // The same for data that was written and needs no flush before; see Blobstore::SyncData.
  Status CommitData(BlobId id, Change change);

  // A flush of the device failed: nothing that was written is certain to be there.
  void Break(Status failure);
  bool broken() const { return broken_.load(std::memory_order_acquire); }
  Status failure() const;

 private:
  Status AfterChange(Status status);

  Reactor& home_;
  Blobstore& blobstore_;
  std::atomic<bool> broken_{false};
  mutable std::mutex mutex_;
  Status failure_;  // guarded by mutex_
};

}  // namespace ashlar
