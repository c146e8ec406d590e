// A file in this process: what all its handles share.
//
// Locks, in the order in which they are taken:
//   open_mutex_    loading, and who removes the file
//   sync_mutex_    one Sync, Truncate or closing at a time
//   append_mutex_  the end of the file: the buffers being filled and written, the cluster map
//   lane_mutex_    shared by reads through a lane; exclusive for making offsets unreadable
//   mutex_         the list of buffers, which readers of the newest bytes look into
// No reactor takes any of them.
//
// What readers count on: below settled_ all lies on the device; from there to size_ it lies in the
// buffers; from there to grown_, if that is more, it is zeros. settled_ goes back only with
// lane_mutex_ held and is followed by a wait at the ReaderGate, so a reader that looked at it
// inside the gate (or holding lane_mutex_) may rely on it. The same wait comes before a cluster is
// given away that the map had, and before a log becomes an ordinary file.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "ashlar/status.h"
#include "cpp/blobfs/blob_client.h"
#include "cpp/blobfs/buffer_pool.h"
#include "cpp/blobfs/cluster_map.h"
#include "cpp/blobfs/file.h"
#include "cpp/blobfs/file_format.h"
#include "cpp/blobfs/framing.h"
#include "cpp/blobfs/fs_io.h"
#include "cpp/blobfs/last_page.h"

namespace ashlar {

// What files need of their file system; outlives them being used.
struct FsServices {
  FsIo& io;
  BlobClient& blobs;
  BufferPool& buffers;
  bool flush_writes_tail = false;
  bool read_only = false;
};

class FileNode {
 public:
  // `clusters` the blob has. A file that is `unusable` can only be removed and renamed.
  FileNode(const FsServices& services, BlobId blob, const FileMetadata& metadata, uint64_t clusters,
           Status unusable);

  // A file that was just made: there is nothing to load.
  Status LoadNew();
  // Finds out where the data lies, and where an unsealed log ends. Does nothing the second time.
  Status Load();
  bool needs_load_for_size() const {
    return framing().framed() && !loaded_.load(std::memory_order_acquire);
  }

  // --- handles ---

  // While nobody can doom it: the caller holds the lock on names.
  void Pin() { pins_.fetch_add(1, std::memory_order_relaxed); }
  // True: that was the last use of a doomed file, the caller removes it.
  bool Unpin();
  // The file has no name any more. True: nobody uses it, the caller removes it.
  bool Doom();
  bool pinned() const { return pins_.load(std::memory_order_relaxed) > 0; }

  // Corrupt or NotSupported: why the file cannot be written.
  Status OpenWriter();
  Status CloseWriter();
  // Ends every use, and waits for those there are; with `write` as if every handle were closed.
  Status Shutdown(bool write);

  // --- what handles do, see file.h ---

  Result<size_t> Read(uint64_t offset, std::span<uint8_t> into);
  void ReadMany(std::span<FileRead> reads);
  Status Append(std::span<const uint8_t> bytes);
  Status WriteAt(uint64_t offset, std::span<const uint8_t> bytes);
  Status Flush();
  Status Sync();
  Status Truncate(uint64_t size);
  Status Extend(uint64_t size);
  Status Preallocate(uint64_t size);
  Status SetMtime(uint64_t mtime_us);
  Status SetWriteTime(uint64_t mtime_us);

  BlobId blob() const { return blob_; }
  FileId id() const { return id_; }
  FileKind kind() const { return framing().framed() ? FileKind::kLog : FileKind::kData; }
  const Status& unusable() const { return unusable_; }
  uint64_t size() const {
    return std::max(size_.load(std::memory_order_acquire), grown_.load(std::memory_order_acquire));
  }
  uint64_t mtime_us() const { return mtime_us_.load(std::memory_order_relaxed); }
  uint64_t allocated_bytes() const {
    return (loaded_.load(std::memory_order_acquire) ? map_.count() : clusters_at_load_) *
           map_.cluster_bytes();
  }
  // Counts what made earlier reads worthless: cuts, and overwritten bytes.
  uint64_t cuts() const { return cuts_.load(std::memory_order_acquire); }

  // Guarded by the file system's lock on names.
  std::string name;
  uint64_t generation = 0;

 private:
  // A buffer at the end of the file: being filled (the last one), or being written.
  struct Segment {
    BufferPool::Lease memory;
    uint64_t begin = 0;         // position; whole pages
    uint64_t capacity_end = 0;  // position; whole pages
    bool submitted = false;
    uint64_t written_offset = 0;  // end of what was submitted
    uint64_t zeros_end = 0;       // position; end of the zeros behind it that were submitted too
    LaneJob job;
    uint8_t* At(uint64_t position) { return memory.data() + (position - begin); }
  };
  // Buffers that may be on their way to the device while another fills.
  static constexpr size_t kMaxInFlight = 3;

  // file_node.cc
  Status LoadLocked();
  Status MapClusters();
  Status ScanLog();

  // file_read.cc
  bool ReadSettled(uint64_t offset, std::span<uint8_t> into, Status* status);
  bool ReadHere(uint64_t offset, std::span<uint8_t> into, Status* status);
  Status ReadBlob(uint64_t position, std::span<uint8_t> into, bool here);
  Status ReadLog(uint64_t offset, std::span<uint8_t> into, bool here);
  Status CheckLogUnits(uint64_t first_unit, std::span<const uint8_t> units, uint64_t size) const;
  uint64_t ReadBuffered(uint64_t offset, std::span<uint8_t> into, size_t* length);
  void CopyBuffered(uint64_t offset, std::span<uint8_t> into);
  void ReadManyByLane(std::span<FileRead> reads);
  bool AddPieces(uint64_t offset, std::span<uint8_t> into, std::vector<ReadPiece>* pieces);
  Status ReadError(uint64_t position, int result) const;
  size_t ReadGrown(uint64_t offset, std::span<uint8_t> into, size_t length) const;

  // file_append.cc; append_mutex_ is held.
  Status CheckWritable() const;
  Status AppendLocked(std::span<const uint8_t> bytes);
  Status FillUp(uint64_t size);
  Status ExtendLocked(uint64_t size);
  Status Reserve(uint64_t size);
  Status Grow(uint64_t clusters);
  Status BeginSession();
  bool HasRoomAt(uint64_t offset) const;
  size_t Fill(uint64_t offset, std::span<const uint8_t> bytes);
  Status NextSegment(uint64_t offset);
  Status OpenSegment(uint64_t first_offset, uint64_t size);
  Status LoadTail(Segment& segment, uint64_t size);
  Status SubmitActive(uint64_t size);
  Status PrepareActive(uint64_t size, bool then_flush);
  void Seal(Segment& segment, uint64_t size);
  void LayOutBehind(Segment& segment, uint64_t end);
  std::vector<std::shared_ptr<Segment>> Submitted() const;
  bool OthersFinished(const Segment& segment) const;
  Status Reap();
  Status Stick(Status status);
  void Touch();

  // file_overwrite.cc; append_mutex_ is held, and in those of the second group sync_mutex_ too.
  std::span<const uint8_t> HeldPart(uint64_t offset, std::span<const uint8_t> bytes) const;
  bool Holds(uint64_t offset, std::span<const uint8_t> bytes);
  bool OverwriteBuffered(uint64_t offset, std::span<const uint8_t> bytes);
  Status AppendBehind(uint64_t offset, std::span<const uint8_t> bytes);

  Status Overwrite(uint64_t offset, std::span<const uint8_t> bytes);
  Status OverwriteCluster(uint64_t offset, std::span<const uint8_t> bytes);
  Status WritePlace(uint64_t device_offset, std::span<uint8_t> bytes, uint64_t position);
  Status TakeSparesFor(uint64_t begin, uint64_t end);
  Status TakeSpares(size_t count);
  bool MustMove(uint64_t index) const;
  void RevertMoves();
  Status Unframe();
  Status CopyUnframed();

  // file_sync.cc; sync_mutex_ is held.
  Status SyncLocked();
  // What a sync makes durable.
  struct Synced {
    uint64_t size = 0;
    uint64_t mtime_us = 0;
  };
  Status WriteOut(Synced* synced);
  Status FlushLog(const std::vector<std::shared_ptr<Segment>>& written, uint64_t size);
  Status CommitSynced(const Synced& synced);
  Status Cut(uint64_t size);
  Status CutLog(uint64_t size);
  Status FinishWriting();
  Status SealLog();
  Status DropBuffers();
  Status Trim();
  void CutReadable(uint64_t size);
  void WaitForReads();
  uint64_t end() const { return size_.load(std::memory_order_acquire); }
  Framing framing() const { return framing_.load(std::memory_order_relaxed); }

  const FsServices services_;
  const BlobId blob_;
  const FileId id_;
  std::atomic<Framing> framing_;  // changes once at most, from a log's to none
  static_assert(std::atomic<Framing>::is_always_lock_free);
  const Status unusable_;
  const uint64_t clusters_at_load_;
  const Lane lane_;

  std::mutex open_mutex_;
  std::atomic<bool> loaded_{false};
  Status load_status_;
  std::atomic<uint32_t> pins_{0};
  std::atomic<bool> doomed_{false};
  bool removed_ = false;

  std::atomic<bool> closed_{false};
  ClusterMap map_;
  std::atomic<uint64_t> size_;
  std::atomic<uint64_t> grown_{0};  // size without the zeros being there; counts if it is more
  std::atomic<uint64_t> settled_;
  std::atomic<uint64_t> durable_;  // bytes that were flushed
  std::atomic<uint64_t> mtime_us_;
  std::atomic<uint64_t> cuts_{0};
  std::atomic<uint64_t> log_id_;  // log_.log_id, for readers

  std::mutex sync_mutex_;
  uint32_t writers_ = 0;
  uint64_t durable_mtime_us_;
  struct Move {
    uint64_t from_offset;
    uint64_t to_offset;
  };
  std::map<uint64_t, Move> moves_;  // clusters that the next commit moves
  std::vector<uint64_t> spares_;    // clusters to move to

  std::mutex append_mutex_;
  LogMetadata log_;     // of a log
  LastPage last_page_;  // of a log
  bool session_open_ = false;
  Status failure_;
  uint64_t written_ = 0;   // offset up to which segments were submitted
  uint64_t laid_out_ = 0;  // position up to which a log has zeros behind its end
  bool mtime_was_set_ = false;

  std::shared_mutex lane_mutex_;

  std::mutex mutex_;
  std::deque<std::shared_ptr<Segment>> segments_;  // changes with append_mutex_ held too
};

}  // namespace ashlar
