// Writing anywhere in a file.
//
// Three kinds of bytes can be overwritten. What is buffered and not on its way to the device is
// changed where it is. What was written and never made durable is written again, where it lies.
// What is durable stays as it is until the next commit (R3): its cluster is copied to a spare one
// with the new bytes in it, and the root page that makes a sync durable puts that in its place.
//
// The bytes of a log cannot be overwritten: it becomes an ordinary file first.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "cpp/blobfs/file_node.h"
#include "cpp/runtime/reader_gate.h"

namespace ashlar {

Status FileNode::WriteAt(uint64_t offset, std::span<const uint8_t> bytes) {
  if (bytes.empty()) return Status::Ok();
  if (offset > std::numeric_limits<int64_t>::max() - bytes.size()) {
    return Status::NotSupported("no file can have a byte at " + std::to_string(offset), EFBIG);
  }
  {
    std::lock_guard<std::mutex> append(append_mutex_);
    ASHLAR_RETURN_IF_ERROR(CheckWritable());
    ASHLAR_RETURN_IF_ERROR(Reserve(offset + bytes.size()));
    const std::span<const uint8_t> held = HeldPart(offset, bytes);
    if (held.empty() || Holds(offset, held) || OverwriteBuffered(offset, held)) {
      return AppendBehind(offset, bytes);
    }
  }
  std::lock_guard<std::mutex> sync(sync_mutex_);
  std::lock_guard<std::mutex> append(append_mutex_);
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  ASHLAR_RETURN_IF_ERROR(Reserve(offset + bytes.size()));
  ASHLAR_RETURN_IF_ERROR(DropBuffers());
  if (framing().framed()) ASHLAR_RETURN_IF_ERROR(Unframe());
  ASHLAR_RETURN_IF_ERROR(Overwrite(offset, HeldPart(offset, bytes)));
  return AppendBehind(offset, bytes);
}

// What of the bytes lies below the end.
std::span<const uint8_t> FileNode::HeldPart(uint64_t offset, std::span<const uint8_t> bytes) const {
  const uint64_t held = end() > offset ? end() - offset : 0;
  return bytes.first(static_cast<size_t>(std::min<uint64_t>(held, bytes.size())));
}

// Whether the file has these bytes already. A page cache in front of it writes the last page again
// and again as the file grows; elsewhere it is not worth looking.
bool FileNode::Holds(uint64_t offset, std::span<const uint8_t> bytes) {
  if (!framing().framed() && offset < RoundDown(end(), kPageBytes)) return false;
  if (const std::optional<bool> has = last_page_.Has(offset, bytes)) return *has;
  std::array<uint8_t, kPageBytes> held;
  while (!bytes.empty()) {
    const size_t length = std::min(bytes.size(), held.size());
    const Result<size_t> read = Read(offset, std::span(held).first(length));
    if (!read.ok() || read.value() != length) return false;
    if (std::memcmp(held.data(), bytes.data(), length) != 0) return false;
    offset += length;
    bytes = bytes.subspan(length);
  }
  return true;
}

// False: not all of them are in the buffer that is being filled.
bool FileNode::OverwriteBuffered(uint64_t offset, std::span<const uint8_t> bytes) {
  if (framing().framed() || offset < written_) return false;
  std::lock_guard<std::mutex> lock(mutex_);
  std::memcpy(segments_.back()->At(offset), bytes.data(), bytes.size());
  cuts_.fetch_add(1, std::memory_order_release);
  return true;
}

// What of the bytes lies behind the end.
Status FileNode::AppendBehind(uint64_t offset, std::span<const uint8_t> bytes) {
  ASHLAR_RETURN_IF_ERROR(FillUp(offset));
  Touch();
  ASHLAR_RETURN_IF_ERROR(AppendLocked(bytes.subspan(HeldPart(offset, bytes).size())));
  if (framing().framed() && offset + bytes.size() == end()) last_page_.Written(offset, bytes);
  return Status::Ok();
}

// --- on the device -------------------------------------------------------------------------------

// Nothing is buffered, and the file has all that is overwritten.
Status FileNode::Overwrite(uint64_t offset, std::span<const uint8_t> bytes) {
  ASHLAR_RETURN_IF_ERROR(TakeSparesFor(offset, offset + bytes.size()));
  while (!bytes.empty()) {
    const uint64_t room = map_.cluster_bytes() - offset % map_.cluster_bytes();
    const size_t length = static_cast<size_t>(std::min<uint64_t>(room, bytes.size()));
    const Status written = OverwriteCluster(offset, bytes.first(length));
    if (!written.ok()) {
      // What lies there now is not known.
      [[maybe_unused]] const Status sticks = Stick(written);
      [[maybe_unused]] const Status dropped = DropBuffers();
      return written;
    }
    offset += length;
    bytes = bytes.subspan(length);
  }
  return Status::Ok();
}

// Whether durable bytes lie in that cluster, and in no copy of it.
bool FileNode::MustMove(uint64_t index) const {
  return index * map_.cluster_bytes() < durable_.load(std::memory_order_relaxed) &&
         !moves_.contains(index);
}

// Before a byte is changed, so that nothing is half done when there is no space.
Status FileNode::TakeSparesFor(uint64_t begin, uint64_t end) {
  if (begin >= durable_.load(std::memory_order_relaxed)) return Status::Ok();
  size_t needed = 0;
  for (uint64_t index = begin / map_.cluster_bytes(); index * map_.cluster_bytes() < end; ++index) {
    if (MustMove(index)) ++needed;
  }
  return TakeSpares(needed);
}

Status FileNode::TakeSpares(size_t count) {
  while (spares_.size() < count) {
    const Result<uint64_t> spare = services_.blobs.TakeSpare(blob_);
    if (!spare.ok()) return spare.status();
    spares_.push_back(spare.value());
  }
  return Status::Ok();
}

// Bytes of one cluster.
Status FileNode::OverwriteCluster(uint64_t offset, std::span<const uint8_t> bytes) {
  BufferPool::Lease memory = services_.buffers.Take();
  if (!memory.valid()) return Status::OutOfMemory("buffer for overwriting");
  const uint64_t index = offset / map_.cluster_bytes();
  const uint64_t cluster = index * map_.cluster_bytes();
  const uint64_t from = map_.Find(cluster, 1).device_offset;
  const bool moves = offset < durable_.load(std::memory_order_relaxed) && MustMove(index);
  uint64_t to = from;
  uint64_t at = RoundDown(offset, kPageBytes);
  uint64_t end = RoundUp(offset + bytes.size(), kPageBytes);
  if (moves) {
    to = spares_.back();
    at = cluster;
    end = std::min(cluster + map_.cluster_bytes(), RoundUp(this->end(), kPageBytes));
  }
  while (at < end) {
    const std::span<uint8_t> piece(
        memory.data(), static_cast<size_t>(std::min<uint64_t>(memory.size(), end - at)));
    const uint64_t first = std::max(at, offset);
    const uint64_t last = std::min(at + piece.size(), offset + bytes.size());
    if (first > at || last < at + piece.size()) {
      ASHLAR_RETURN_IF_ERROR(ReadBlob(at, piece, services_.io.reads_here()));
    }
    if (first < last) {
      std::memcpy(piece.data() + (first - at), bytes.data() + (first - offset), last - first);
    }
    ASHLAR_RETURN_IF_ERROR(WritePlace(to + (at - cluster), piece, at));
    at += piece.size();
  }
  if (moves) {
    spares_.pop_back();
    moves_[index] = {from, to};
    map_.Move(index, to);
  }
  cuts_.fetch_add(1, std::memory_order_release);
  return Status::Ok();
}

// Bytes of the blob from `position` on, to where they shall lie.
Status FileNode::WritePlace(uint64_t device_offset, std::span<uint8_t> bytes, uint64_t position) {
  LaneJob job;
  job.AddWrite(device_offset, bytes.data(), static_cast<uint32_t>(bytes.size()));
  services_.io.Run(job, lane_, services_.io.syncs_here());
  job.Wait();
  if (job.transfer_result() == 0) return Status::Ok();
  return Status::FromErrno(-job.transfer_result(), "write at byte " + std::to_string(position) +
                                                       " of blob " +
                                                       std::to_string(blob_.root().value) + " on " +
                                                       services_.io.info().name);
}

// The file is where its metadata says. The blobstore keeps the spares until it is closed.
void FileNode::RevertMoves() {
  for (const auto& [index, move] : moves_) {
    if (index < map_.count()) map_.Move(index, move.from_offset);
  }
  moves_.clear();
  spares_.clear();
}

// --- logs ----------------------------------------------------------------------------------------

// Copies the bytes of a log to spare clusters, without its units; one root page says that they lie
// there and that the file is no log. All of them are durable then. Readers wait meanwhile. Nothing
// is buffered.
Status FileNode::Unframe() {
  const uint64_t clusters = DivideRoundUp(end(), map_.cluster_bytes());
  ASHLAR_RETURN_IF_ERROR(TakeSpares(static_cast<size_t>(clusters)));
  std::unique_lock<std::shared_mutex> lane(lane_mutex_);
  std::lock_guard<std::mutex> lock(mutex_);
  settled_.store(0, std::memory_order_seq_cst);
  lane.unlock();
  ReaderGate::WaitForReaders();
  const Status copied = CopyUnframed();
  if (copied.ok()) {
    for (uint64_t index = 0; index < clusters; ++index) map_.Move(index, spares_[index]);
    spares_.clear();
    session_open_ = false;
    last_page_.Forget();
    framing_.store(Framing(), std::memory_order_relaxed);
    durable_.store(end(), std::memory_order_relaxed);
    durable_mtime_us_ = mtime_us();
  }
  settled_.store(end(), std::memory_order_seq_cst);
  return copied.ok() ? copied : Stick(copied);
}

Status FileNode::CopyUnframed() {
  BufferPool::Lease memory = services_.buffers.Take();
  if (!memory.valid()) return Status::OutOfMemory("buffer for copying a log");
  BlobClient::Change change{{LengthXattr(end()), MtimeXattr(mtime_us())}, {kLogXattrName}, {}};
  for (uint64_t at = 0; at < end();) {
    const uint64_t index = at / map_.cluster_bytes();
    const uint64_t in_cluster = at % map_.cluster_bytes();
    if (in_cluster == 0) change.moves.push_back({index, spares_[index]});
    const size_t length = static_cast<size_t>(
        std::min<uint64_t>({memory.size(), map_.cluster_bytes() - in_cluster, end() - at}));
    const std::span<uint8_t> piece(memory.data(), RoundUp(length, size_t{kPageBytes}));
    ASHLAR_RETURN_IF_ERROR(ReadLog(at, piece.first(length), services_.io.reads_here()));
    std::ranges::fill(piece.subspan(length), 0);
    ASHLAR_RETURN_IF_ERROR(WritePlace(spares_[index] + in_cluster, piece, at));
    at += length;
  }
  // Not needed after all.
  for (size_t i = change.moves.size(); i < spares_.size(); ++i) {
    change.moves.push_back({UINT64_MAX, spares_[i]});
  }
  return services_.blobs.CommitData(blob_, std::move(change));
}

}  // namespace ashlar
