#include "cpp/blobfs/file_node.h"

#include <algorithm>
#include <utility>

#include "cpp/base/aligned_buffer.h"
#include "cpp/blobfs/log_format.h"
#include "cpp/runtime/reader_gate.h"

namespace ashlar {

FileNode::FileNode(const FsServices& services, BlobId blob, const FileMetadata& metadata,
                   uint64_t clusters, Status unusable)
    : name(metadata.name),
      generation(metadata.generation),
      services_(services),
      blob_(blob),
      id_(metadata.id),
      framing_(metadata.framing()),
      unusable_(std::move(unusable)),
      clusters_at_load_(clusters),
      lane_(services.io.NextLane()),
      map_(services.blobs.cluster_bytes()),
      log_id_(metadata.log ? metadata.log->log_id : 0),
      durable_mtime_us_(metadata.mtime_us),
      log_(metadata.log.value_or(LogMetadata())) {
  const uint64_t size = metadata.log ? metadata.log->known_bytes : metadata.length_bytes;
  size_ = settled_ = durable_ = written_ = size;
  mtime_us_ = metadata.mtime_us;
}

Status FileNode::LoadNew() {
  std::lock_guard<std::mutex> lock(open_mutex_);
  load_status_ = MapClusters();
  session_open_ = true;
  loaded_.store(true, std::memory_order_release);
  return load_status_;
}

Status FileNode::Load() {
  if (!unusable_.ok()) return unusable_;
  std::lock_guard<std::mutex> lock(open_mutex_);
  return LoadLocked();
}

Status FileNode::LoadLocked() {
  if (loaded_.load(std::memory_order_relaxed)) return load_status_;
  if (closed_.load(std::memory_order_relaxed)) return Status::Closed("the file system is closed");
  load_status_ = MapClusters();
  const bool look_for_end = framing().framed() && !log_.sealed;
  if (load_status_.ok() && look_for_end) load_status_ = ScanLog();
  // What may pass is tried again at the next open.
  if (!load_status_.ok()) return std::exchange(load_status_, Status::Ok());
  loaded_.store(true, std::memory_order_release);
  return Status::Ok();
}

Status FileNode::MapClusters() {
  Result<std::vector<uint64_t>> clusters = services_.blobs.ClustersFrom(blob_, map_.count());
  if (!clusters.ok()) return clusters.status();
  map_.Append(clusters.value());
  const uint64_t stored = framing().UnitsEnd(size());
  if (framing().framed() ? stored <= map_.bytes() : size() <= map_.bytes()) return Status::Ok();
  return Status::Corrupt("its length is " + std::to_string(size()) + " bytes, but it has only " +
                         std::to_string(map_.bytes()));
}

Status FileNode::ScanLog() {
  AlignedBuffer buffer(BufferPool::kLargeBytes);
  if (!buffer.valid()) return Status::OutOfMemory("buffer for looking for the end of a log");
  LogScan scan(log_.log_id, log_.session, log_.known_bytes, framing());
  for (uint64_t at = 0; at < map_.bytes(); at += buffer.size()) {
    const std::span<uint8_t> bytes = buffer.span().first(
        static_cast<size_t>(std::min<uint64_t>(buffer.size(), map_.bytes() - at)));
    ASHLAR_RETURN_IF_ERROR(ReadBlob(at, bytes, services_.io.reads_here()));
    scan.Add(bytes);
  }
  // A damaged log is as long as it must have been: reading into the damage is an error, never the
  // end of the file.
  const uint64_t size = scan.damaged() ? scan.proven_bytes() : scan.length_bytes();
  size_ = settled_ = written_ = size;
  // What is found behind that may be in the drive's cache only, if but the process died.
  durable_ = std::min(size, scan.proven_bytes());
  if (scan.damaged()) {
    failure_ =
        Status::Corrupt("the log is damaged behind byte " + std::to_string(scan.length_bytes()) +
                        " of at least " + std::to_string(size));
  }
  return Status::Ok();
}

bool FileNode::Unpin() {
  std::lock_guard<std::mutex> lock(open_mutex_);
  const bool last = pins_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  return last && doomed_.load(std::memory_order_relaxed) && !std::exchange(removed_, true);
}

bool FileNode::Doom() {
  std::lock_guard<std::mutex> lock(open_mutex_);
  doomed_.store(true, std::memory_order_relaxed);
  return !pinned() && !std::exchange(removed_, true);
}

// Before clusters are given away: reads may still look at them.
void FileNode::WaitForReads() {
  { std::unique_lock<std::shared_mutex> lane(lane_mutex_); }
  ReaderGate::WaitForReaders();
}

Status FileNode::OpenWriter() {
  std::lock_guard<std::mutex> sync(sync_mutex_);
  if (closed_) return Status::Closed("the file system is closed");
  ++writers_;
  return Status::Ok();
}

Status FileNode::SetMtime(uint64_t mtime_us) {
  std::lock_guard<std::mutex> append(append_mutex_);
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  mtime_us_.store(mtime_us, std::memory_order_relaxed);
  mtime_was_set_ = true;
  return Status::Ok();
}

Status FileNode::SetWriteTime(uint64_t mtime_us) {
  std::lock_guard<std::mutex> append(append_mutex_);
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  mtime_us_.store(mtime_us, std::memory_order_relaxed);
  return Status::Ok();
}

}  // namespace ashlar
