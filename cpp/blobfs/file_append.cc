// The end of a file: bytes gather in segments, which go to the device when they are full or when
// somebody asks for it. append_mutex_ is held in all of this.
#include <time.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/base/zeros.h"
#include "cpp/blobfs/file_node.h"
#include "cpp/blobfs/log_format.h"
#include "cpp/runtime/reader_gate.h"

namespace ashlar {

namespace {

// A file gets about as much space again as it has when it needs more, up to so much at a time.
constexpr uint64_t kMaxGrowthBytes = 64 * kMiB;

// Logs are laid out up to the next multiple of this.
constexpr uint64_t kLaidOutBytes = 256 * kKiB;
static_assert(kLaidOutBytes <= kZerosBytes);

uint64_t NowUs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

// Nothing is written any more once something is uncertain (R10).
Status FileNode::CheckWritable() const {
  if (closed_.load(std::memory_order_relaxed)) return Status::Closed("the file system is closed");
  if (!failure_.ok()) return failure_;
  return services_.blobs.failure();
}

Status FileNode::Stick(Status status) {
  if (failure_.ok()) failure_ = status;
  return status;
}

void FileNode::Touch() {
  mtime_us_.store(NowUs(), std::memory_order_relaxed);
  mtime_was_set_ = false;
}

Status FileNode::Append(std::span<const uint8_t> bytes) {
  std::lock_guard<std::mutex> append(append_mutex_);
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  ASHLAR_RETURN_IF_ERROR(FillUp(size()));
  return AppendLocked(bytes);
}

Status FileNode::AppendLocked(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return Status::Ok();
  uint64_t offset = size_.load(std::memory_order_relaxed);
  ASHLAR_RETURN_IF_ERROR(Reserve(offset + bytes.size()));
  if (framing().framed() && !session_open_) ASHLAR_RETURN_IF_ERROR(BeginSession());
  while (!bytes.empty()) {
    if (!HasRoomAt(offset)) ASHLAR_RETURN_IF_ERROR(NextSegment(offset));
    const size_t taken = Fill(offset, bytes);
    offset += taken;
    bytes = bytes.subspan(taken);
  }
  Touch();
  size_.store(offset, std::memory_order_release);
  return Status::Ok();
}

// Zeros up to `size`.
Status FileNode::FillUp(uint64_t size) {
  static const std::vector<uint8_t> zeros(64 * kKiB);
  if (end() < size) ASHLAR_RETURN_IF_ERROR(Reserve(size));
  while (end() < size) {
    const uint64_t length = std::min<uint64_t>(zeros.size(), size - end());
    ASHLAR_RETURN_IF_ERROR(
        AppendLocked(std::span<const uint8_t>(zeros).first(static_cast<size_t>(length))));
  }
  return Status::Ok();
}

Status FileNode::Extend(uint64_t size) {
  std::lock_guard<std::mutex> append(append_mutex_);
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  return ExtendLocked(size);
}

// The space is taken, the zeros are not written: something else may come in their places.
Status FileNode::ExtendLocked(uint64_t size) {
  if (size <= this->size()) return Status::Ok();
  ASHLAR_RETURN_IF_ERROR(Reserve(size));
  grown_.store(size, std::memory_order_release);
  Touch();
  return Status::Ok();
}

// --- space -----------------------------------------------------------------------------------

// Space is there before a byte is taken, so that nothing that was taken can run out of it.
Status FileNode::Reserve(uint64_t size) {
  if (size > uint64_t{std::numeric_limits<int64_t>::max()} ||
      (framing().framed() && framing().UnitOf(size) > std::numeric_limits<uint32_t>::max())) {
    return Status::NotSupported("no file can have " + std::to_string(size) + " bytes");
  }
  const uint64_t needed = DivideRoundUp(framing().UnitsEnd(size), map_.cluster_bytes());
  const uint64_t have = map_.count();
  if (needed <= have) return Status::Ok();
  const uint64_t more = std::min(have, kMaxGrowthBytes / map_.cluster_bytes());
  const Status generous = Grow(std::max(needed, have + more));
  return generous.code() == StatusCode::kOutOfSpace ? Grow(needed) : generous;
}

Status FileNode::Grow(uint64_t clusters) {
  ASHLAR_RETURN_IF_ERROR(services_.blobs.Resize(blob_, clusters));
  Result<std::vector<uint64_t>> added = services_.blobs.ClustersFrom(blob_, map_.count());
  if (!added.ok()) return added.status();
  map_.Append(added.value());
  return Status::Ok();
}

Status FileNode::Preallocate(uint64_t size) {
  std::lock_guard<std::mutex> append(append_mutex_);
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  const uint64_t clusters = DivideRoundUp(framing().UnitsEnd(size), map_.cluster_bytes());
  return clusters <= map_.count() ? Status::Ok() : Grow(clusters);
}

// Units that an earlier session, or a sync that a power cut tore, left behind the end must not look
// like a continuation of what is written now.
Status FileNode::BeginSession() {
  const DeviceInfo& info = services_.io.info();
  if (framing().unit_bytes > info.atomic_write_bytes || framing().unit_bytes < info.sector_bytes) {
    return Status::NotSupported("the log has units of " + std::to_string(framing().unit_bytes) +
                                " bytes, but " + info.name + " writes " +
                                std::to_string(info.atomic_write_bytes) +
                                " atomically in sectors of " + std::to_string(info.sector_bytes) +
                                "; copy it into a new file");
  }
  LogMetadata next = log_;
  ++next.session;
  next.sealed = false;
  const std::vector<Xattr> xattrs = {LogXattr(next)};
  ASHLAR_RETURN_IF_ERROR(services_.blobs.Commit(blob_, xattrs));
  log_ = next;
  session_open_ = true;
  // The root page was flushed, and with it what the log was found to have.
  durable_.store(end(), std::memory_order_relaxed);
  return Status::Ok();
}

// --- filling -----------------------------------------------------------------------------------

bool FileNode::HasRoomAt(uint64_t offset) const {
  return !segments_.empty() && !segments_.back()->submitted &&
         framing().PositionOf(offset) < segments_.back()->capacity_end;
}

// Copies what fits into the active segment; how much that was. Nobody reads behind size_.
size_t FileNode::Fill(uint64_t offset, std::span<const uint8_t> bytes) {
  Segment& segment = *segments_.back();
  size_t taken = 0;
  while (taken < bytes.size()) {
    const uint64_t position = framing().PositionOf(offset + taken);
    if (position >= segment.capacity_end) break;
    uint64_t room = segment.capacity_end - position;
    if (framing().framed()) {
      room = framing().payload_bytes - (offset + taken) % framing().payload_bytes;
    }
    const size_t length = static_cast<size_t>(std::min<uint64_t>(room, bytes.size() - taken));
    std::memcpy(segment.At(position), bytes.data() + taken, length);
    taken += length;
  }
  return taken;
}

// The active segment is full, or there is none.
Status FileNode::NextSegment(uint64_t offset) {
  if (!segments_.empty() && !segments_.back()->submitted) {
    ASHLAR_RETURN_IF_ERROR(SubmitActive(offset));
  }
  ASHLAR_RETURN_IF_ERROR(Reap());
  if (segments_.size() >= kMaxInFlight) {
    segments_[segments_.size() - kMaxInFlight]->job.Wait();
    ASHLAR_RETURN_IF_ERROR(Reap());
  }
  return OpenSegment(offset, offset);
}

// A segment from the page of `first_offset` on, with what the file holds there up to `size`.
Status FileNode::OpenSegment(uint64_t first_offset, uint64_t size) {
  auto segment = std::make_shared<Segment>();
  segment->memory = services_.buffers.Take();
  // Some of the append may be on its way already: it cannot be taken back.
  if (!segment->memory.valid()) return Stick(Status::OutOfMemory("buffer for appending"));
  const uint64_t bytes = segment->memory.size();
  segment->begin = RoundDown(framing().PositionOf(first_offset), kPageBytes);
  segment->capacity_end = RoundDown(segment->begin, bytes) + bytes;
  const bool has_bytes = segment->begin < framing().PositionOf(size);
  if (has_bytes) ASHLAR_RETURN_IF_ERROR(LoadTail(*segment, size));
  if (!has_bytes || !segments_.empty()) {
    std::lock_guard<std::mutex> lock(mutex_);
    segments_.push_back(std::move(segment));
    return Status::Ok();
  }
  // Its first page will be written again: from now on readers take it from memory.
  const uint64_t settled = framing().OffsetAt(segment->begin);
  {
    std::unique_lock<std::shared_mutex> lane(lane_mutex_);
    std::lock_guard<std::mutex> lock(mutex_);
    segments_.push_back(std::move(segment));
    settled_.store(settled, std::memory_order_seq_cst);
  }
  ReaderGate::WaitForReaders();
  return Status::Ok();
}

// What lies in the segment's pages already: they are written as a whole.
Status FileNode::LoadTail(Segment& segment, uint64_t size) {
  const uint64_t length = framing().UnitsEnd(size) - segment.begin;
  ASHLAR_CHECK(segment.begin + length <= segment.capacity_end);
  const std::span<uint8_t> into(segment.memory.data(), static_cast<size_t>(length));
  if (!segments_.empty()) {
    Segment& last = *segments_.back();
    ASHLAR_CHECK(last.begin <= segment.begin);
    std::memcpy(into.data(), last.At(segment.begin), into.size());
    return Status::Ok();
  }
  const Status read = ReadBlob(segment.begin, into, services_.io.reads_here());
  if (!read.ok()) return Stick(read);
  if (!framing().framed()) return Status::Ok();
  const Status whole = CheckLogUnits(segment.begin / framing().unit_bytes, into, size);
  return whole.ok() ? whole : Stick(whole);
}

// --- to the device -----------------------------------------------------------------------------

// Starts writing what the active segment holds of the file's first `size` bytes.
Status FileNode::SubmitActive(uint64_t size) {
  ASHLAR_RETURN_IF_ERROR(PrepareActive(size, false));
  segments_.back()->job.Start(lane_);
  return Status::Ok();
}

// The same, but for the start of its job, which the caller owes.
Status FileNode::PrepareActive(uint64_t size, bool then_flush) {
  const std::shared_ptr<Segment> segment = segments_.back();
  for (const auto& other : segments_) {
    // They share a page: writes in flight that overlap have no order.
    if (other != segment && !other->job.finished() &&
        std::max(framing().UnitsEnd(other->written_offset), other->zeros_end) > segment->begin) {
      other->job.Wait();
    }
  }
  ASHLAR_RETURN_IF_ERROR(Reap());
  Seal(*segment, size);
  const uint64_t end = framing().UnitsEnd(size);
  for (uint64_t at = segment->begin; at < end;) {
    const ClusterMap::Extent extent = map_.Find(at, end - at);
    ASHLAR_CHECK(extent.length_bytes > 0);
    segment->job.AddWrite(extent.device_offset, segment->At(at),
                          static_cast<uint32_t>(extent.length_bytes));
    at += extent.length_bytes;
  }
  if (then_flush) LayOutBehind(*segment, end);
  if (then_flush && OthersFinished(*segment)) segment->job.ThenFlush();
  segment->written_offset = size;
  segment->submitted = true;
  written_ = size;
  return Status::Ok();
}

// Writes zeros behind the end of a log, once for many syncs. A file system below records each block
// that is written for the first time and makes the record durable with the flush: so one sync in
// many pays for it instead of each. What lies behind a log's end is no part of it.
void FileNode::LayOutBehind(Segment& segment, uint64_t end) {
  if (!framing().framed() || !services_.io.info().records_first_writes || end < laid_out_) return;
  const uint64_t stop =
      std::min(RoundUp(end + 1, kLaidOutBytes), map_.count() * map_.cluster_bytes());
  for (uint64_t at = RoundUp(end, kPageBytes); at < stop;) {
    const ClusterMap::Extent extent = map_.Find(at, stop - at);
    ASHLAR_CHECK(extent.length_bytes > 0);
    segment.job.AddWrite(extent.device_offset, Zeros(), static_cast<uint32_t>(extent.length_bytes));
    at += extent.length_bytes;
  }
  laid_out_ = stop;
  segment.zeros_end = stop;
}

// Makes whole units of what was appended since the last write.
void FileNode::Seal(Segment& segment, uint64_t size) {
  if (!framing().framed()) {
    std::memset(segment.At(size), 0, framing().UnitsEnd(size) - size);
    return;
  }
  for (uint64_t number = framing().UnitOf(written_); number * framing().payload_bytes < size;
       ++number) {
    const uint64_t begin = number * framing().payload_bytes;
    LogUnit unit;
    unit.log_id = log_.log_id;
    unit.durable_bytes = durable_.load(std::memory_order_relaxed);
    unit.session = log_.session;
    unit.sequence = static_cast<uint32_t>(number);
    unit.used_bytes =
        static_cast<uint32_t>(std::min<uint64_t>(framing().payload_bytes, size - begin));
    SealLogUnit(unit, {segment.At(number * framing().unit_bytes), framing().unit_bytes});
  }
}

bool FileNode::OthersFinished(const Segment& segment) const {
  return std::all_of(segments_.begin(), segments_.end(), [&](const auto& other) {
    return other.get() == &segment || other->job.finished();
  });
}

// Lets go of the segments that are written, in order; the last one stays as long as it holds a page
// that will be written again. After a failure all stay: what they hold can be read.
Status FileNode::Reap() {
  while (!segments_.empty() && segments_.front()->submitted && segments_.front()->job.finished()) {
    const Segment& segment = *segments_.front();
    if (segment.job.transfer_result() != 0) {
      return Stick(
          Status::FromErrno(-segment.job.transfer_result(), "write at the end of blob " +
                                                                std::to_string(blob_.root().value) +
                                                                " on " + services_.io.info().name));
    }
    const uint64_t end = framing().PositionOf(segment.written_offset);
    const uint64_t whole = RoundDown(end, kPageBytes);
    std::lock_guard<std::mutex> lock(mutex_);
    settled_.store(framing().OffsetAt(whole), std::memory_order_seq_cst);
    if (segments_.size() == 1 && whole < end) break;
    segments_.pop_front();
  }
  return failure_;
}

std::vector<std::shared_ptr<FileNode::Segment>> FileNode::Submitted() const {
  std::vector<std::shared_ptr<Segment>> submitted;
  for (const auto& segment : segments_) {
    if (segment->submitted) submitted.push_back(segment);
  }
  return submitted;
}

Status FileNode::Flush() {
  if (!services_.flush_writes_tail) return Status::Ok();
  std::vector<std::shared_ptr<Segment>> written;
  {
    std::lock_guard<std::mutex> append(append_mutex_);
    ASHLAR_RETURN_IF_ERROR(CheckWritable());
    if (written_ < end()) ASHLAR_RETURN_IF_ERROR(SubmitActive(end()));
    written = Submitted();
  }
  for (const auto& segment : written) segment->job.Wait();
  std::lock_guard<std::mutex> append(append_mutex_);
  return Reap();
}

}  // namespace ashlar
