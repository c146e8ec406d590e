// Making a file durable, cutting it, and ending its use for writing. sync_mutex_ is held in all of
// this.
#include <algorithm>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/blobfs/file_node.h"
#include "cpp/blobfs/random_id.h"
#include "cpp/runtime/reader_gate.h"

namespace ashlar {

Status FileNode::Sync() {
  std::lock_guard<std::mutex> sync(sync_mutex_);
  return SyncLocked();
}

// A log: data, flush. Else data, and then the length in the root page: the blobstore flushes before
// it writes that, and after it.
Status FileNode::SyncLocked() {
  Synced synced;
  ASHLAR_RETURN_IF_ERROR(WriteOut(&synced));
  const uint64_t durable = durable_.load(std::memory_order_relaxed);
  bool commit =
      !framing().framed() && (synced.size != durable || synced.mtime_us != durable_mtime_us_);
  commit = commit || !moves_.empty() || !spares_.empty();
  {
    std::lock_guard<std::mutex> append(append_mutex_);
    commit = commit || mtime_was_set_;
    mtime_was_set_ = false;
  }
  if (commit) ASHLAR_RETURN_IF_ERROR(CommitSynced(synced));
  durable_.store(synced.size, std::memory_order_release);
  return Status::Ok();
}

Status FileNode::CommitSynced(const Synced& synced) {
  BlobClient::Change change;
  change.xattrs.push_back(MtimeXattr(synced.mtime_us));
  if (!framing().framed()) change.xattrs.push_back(LengthXattr(synced.size));
  for (const auto& [index, move] : moves_) change.moves.push_back({index, move.to_offset});
  // Not needed after all.
  for (const uint64_t spare : spares_) change.moves.push_back({UINT64_MAX, spare});
  if (!moves_.empty()) WaitForReads();
  const Status committed = services_.blobs.CommitData(blob_, std::move(change));
  std::lock_guard<std::mutex> append(append_mutex_);
  if (!committed.ok()) return Stick(committed);
  moves_.clear();
  spares_.clear();
  durable_mtime_us_ = synced.mtime_us;
  return Status::Ok();
}

// Writes what was not written before. Appending goes on meanwhile.
Status FileNode::WriteOut(Synced* synced) {
  std::vector<std::shared_ptr<Segment>> written;
  std::shared_ptr<Segment> last;
  {
    std::lock_guard<std::mutex> append(append_mutex_);
    ASHLAR_RETURN_IF_ERROR(CheckWritable());
    ASHLAR_RETURN_IF_ERROR(FillUp(size()));
    synced->size = end();
    synced->mtime_us = mtime_us();
    if (synced->size == durable_.load(std::memory_order_relaxed)) return Status::Ok();
    if (written_ < synced->size) {
      ASHLAR_RETURN_IF_ERROR(PrepareActive(synced->size, framing().framed()));
      last = segments_.back();
    }
    written = Submitted();
  }
  // This thread waits anyhow, and the way to a reactor and back takes longer than a small write.
  if (last != nullptr) services_.io.Run(last->job, lane_, services_.io.syncs_here());
  for (const auto& segment : written) segment->job.Wait();
  {
    std::lock_guard<std::mutex> append(append_mutex_);
    ASHLAR_RETURN_IF_ERROR(Reap());
  }
  return framing().framed() ? FlushLog(written, synced->size) : Status::Ok();
}

// The last write brings its flush along where nothing else was in flight.
Status FileNode::FlushLog(const std::vector<std::shared_ptr<Segment>>& written, uint64_t size) {
  LaneJob flush;
  LaneJob* flushing = &flush;
  for (const auto& segment : written) {
    if (segment->job.flushes() && segment->written_offset == size) flushing = &segment->job;
  }
  if (flushing == &flush) {
    flush.ThenFlush();
    services_.io.Run(flush, lane_, services_.io.syncs_here());
    flush.Wait();
  }
  if (flushing->flush_result() != 0) {
    // The device may have dropped what any file has written since the last flush.
    services_.blobs.Break(
        Status::FromErrno(-flushing->flush_result(), "flush of " + services_.io.info().name));
  }
  return services_.blobs.failure();
}

// --- cutting -----------------------------------------------------------------------------------

Status FileNode::Truncate(uint64_t size) {
  std::lock_guard<std::mutex> sync(sync_mutex_);
  {
    std::lock_guard<std::mutex> append(append_mutex_);
    ASHLAR_RETURN_IF_ERROR(CheckWritable());
    if (size > end()) {
      grown_.store(0, std::memory_order_release);
      return ExtendLocked(size);
    }
    if (size < end()) ASHLAR_RETURN_IF_ERROR(framing().framed() ? CutLog(size) : Cut(size));
    grown_.store(0, std::memory_order_release);
  }
  // A cut log needs its last unit written anew.
  return framing().framed() ? SyncLocked() : Status::Ok();
}

// The root page first: behind a durable length that is too long there must be no new bytes.
Status FileNode::Cut(uint64_t size) {
  ASHLAR_RETURN_IF_ERROR(DropBuffers());
  if (size < durable_.load(std::memory_order_relaxed)) {
    Touch();
    const std::vector<Xattr> xattrs = {LengthXattr(size), MtimeXattr(mtime_us())};
    const Status committed = services_.blobs.Commit(blob_, xattrs);
    if (!committed.ok()) return Stick(committed);
    durable_.store(size, std::memory_order_relaxed);
    durable_mtime_us_ = mtime_us();
  }
  CutReadable(size);
  written_ = size;
  return Status::Ok();
}

// A new session, so that the units that are cut off are none of it, and the last unit again as the
// first of that session; or, for nothing at all, another log.
Status FileNode::CutLog(uint64_t size) {
  if (!session_open_) ASHLAR_RETURN_IF_ERROR(BeginSession());
  ASHLAR_RETURN_IF_ERROR(DropBuffers());
  LogMetadata next = log_;
  ++next.session;
  next.known_bytes = std::min(next.known_bytes, size);
  if (size == 0) {
    next.log_id = RandomId();
    next.session = 0;
  }
  const std::vector<Xattr> xattrs = {LogXattr(next)};
  const Status committed = services_.blobs.Commit(blob_, xattrs);
  if (!committed.ok()) return Stick(committed);
  log_ = next;
  log_id_.store(next.log_id, std::memory_order_relaxed);
  const uint64_t last_unit = size == 0 ? 0 : framing().UnitOf(size - 1) * framing().payload_bytes;
  CutReadable(size);
  last_page_.Forget();
  written_ = last_unit;
  durable_.store(last_unit, std::memory_order_relaxed);
  Touch();
  return size == 0 ? Status::Ok() : OpenSegment(last_unit, size);
}

// --- the end -----------------------------------------------------------------------------------

Status FileNode::CloseWriter() {
  std::lock_guard<std::mutex> sync(sync_mutex_);
  if (closed_.load(std::memory_order_relaxed)) return Status::Closed("the file system is closed");
  if (--writers_ > 0) return Status::Ok();
  return FinishWriting();
}

Status FileNode::Shutdown(bool write) {
  std::lock_guard<std::mutex> open(open_mutex_);
  std::lock_guard<std::mutex> sync(sync_mutex_);
  Status status;
  if (writers_ > 0 && write) status = FinishWriting();
  std::lock_guard<std::mutex> append(append_mutex_);
  closed_.store(true, std::memory_order_seq_cst);
  for (const auto& segment : segments_) {
    if (segment->submitted) segment->job.Wait();
  }
  WaitForReads();
  std::lock_guard<std::mutex> lock(mutex_);
  segments_.clear();
  return status;
}

Status FileNode::FinishWriting() {
  // Nobody will ever see a file again that has no name.
  const bool keep = !doomed_.load(std::memory_order_relaxed);
  Status status = keep ? SyncLocked() : Status::Ok();
  std::lock_guard<std::mutex> append(append_mutex_);
  if (keep && status.ok() && framing().framed() && session_open_) status = SealLog();
  const Status dropped = DropBuffers();
  if (keep && status.ok()) status = dropped;
  if (keep && status.ok()) status = Trim();
  return status;
}

// Says in the root page that the log is as long as it is now.
Status FileNode::SealLog() {
  LogMetadata next = log_;
  next.known_bytes = end();
  next.sealed = true;
  const std::vector<Xattr> xattrs = {LogXattr(next), LengthXattr(framing().UnitsEnd(end())),
                                     MtimeXattr(mtime_us())};
  const Status committed = services_.blobs.Commit(blob_, xattrs);
  if (!committed.ok()) return Stick(committed);
  log_ = next;
  session_open_ = false;
  durable_mtime_us_ = mtime_us();
  return Status::Ok();
}

// Writes what is buffered, and has no buffers any more. After a failure the file is what is durable
// of it. append_mutex_ is held too.
Status FileNode::DropBuffers() {
  Status status = CheckWritable();
  if (status.ok() && written_ < end()) status = SubmitActive(end());
  for (const auto& segment : segments_) {
    if (segment->submitted) segment->job.Wait();
  }
  if (status.ok()) status = Reap();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    segments_.clear();
    if (!status.ok()) {
      size_.store(durable_.load(std::memory_order_relaxed));
      grown_.store(0);
    }
    settled_.store(end(), std::memory_order_seq_cst);
  }
  written_ = end();
  if (!status.ok()) RevertMoves();
  return status;
}

// Gives back clusters behind the end.
Status FileNode::Trim() {
  const uint64_t needed =
      std::max<uint64_t>(1, DivideRoundUp(framing().UnitsEnd(end()), map_.cluster_bytes()));
  if (map_.count() <= needed) return Status::Ok();
  map_.Cut(needed);
  WaitForReads();
  return services_.blobs.Resize(blob_, needed);
}

// All of the file lies on the device. After this nobody reads behind `size`.
void FileNode::CutReadable(uint64_t size) {
  {
    std::unique_lock<std::shared_mutex> lane(lane_mutex_);
    std::lock_guard<std::mutex> lock(mutex_);
    cuts_.fetch_add(1, std::memory_order_release);
    size_.store(size, std::memory_order_seq_cst);
    settled_.store(size, std::memory_order_seq_cst);
  }
  ReaderGate::WaitForReaders();
}

}  // namespace ashlar
