// Reading: what is settled comes from the device, without a lock where the calling thread can read
// it; what is newer comes from the buffers.
#include <algorithm>
#include <cstring>
#include <mutex>

#include "cpp/base/aligned_buffer.h"
#include "cpp/blobfs/file_node.h"
#include "cpp/blobfs/log_format.h"
#include "cpp/runtime/reader_gate.h"

namespace ashlar {

namespace {

// Units of a log that are read and checked at a time, by each thread.
constexpr size_t kLogReadBytes = 64 * kKiB;

Status ClosedError() { return Status::Closed("the file system is closed"); }

}  // namespace

Status FileNode::ReadError(uint64_t position, int result) const {
  return Status::FromErrno(-result, "read at byte " + std::to_string(position) + " of blob " +
                                        std::to_string(blob_.root().value) + " on " +
                                        services_.io.info().name);
}

Result<size_t> FileNode::Read(uint64_t offset, std::span<uint8_t> into) {
  while (true) {
    const uint64_t size = size_.load(std::memory_order_acquire);
    if (offset >= size || into.empty()) {
      if (closed_.load(std::memory_order_acquire)) return ClosedError();
      return ReadGrown(offset, into, 0);
    }
    size_t length = static_cast<size_t>(std::min<uint64_t>(into.size(), size - offset));
    uint64_t device_end = offset + length;
    if (device_end > settled_.load(std::memory_order_acquire)) {
      device_end = ReadBuffered(offset, into, &length);
    }
    Status status;
    const size_t from_device = device_end > offset ? static_cast<size_t>(device_end - offset) : 0;
    // False: what was settled is not any more, because the file is written again or was cut.
    if (from_device == 0 || ReadSettled(offset, into.first(from_device), &status)) {
      if (!status.ok()) return status;
      if (closed_.load(std::memory_order_acquire)) return ClosedError();
      return ReadGrown(offset, into, length);
    }
  }
}

// The zeros behind the `length` bytes that were read. How many bytes there are then.
size_t FileNode::ReadGrown(uint64_t offset, std::span<uint8_t> into, size_t length) const {
  if (length == into.size()) return length;
  const uint64_t grown = grown_.load(std::memory_order_acquire);
  if (grown <= offset + length) return length;
  const size_t end = static_cast<size_t>(std::min<uint64_t>(into.size(), grown - offset));
  std::memset(into.data() + length, 0, end - length);
  return end;
}

// Copies what is not settled of the range, whose length becomes what the file has of it. Returns
// the end of what is left to read from the device.
uint64_t FileNode::ReadBuffered(uint64_t offset, std::span<uint8_t> into, size_t* length) {
  std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t size = size_.load(std::memory_order_acquire);
  const uint64_t settled = settled_.load(std::memory_order_acquire);
  const uint64_t end = std::min(offset + into.size(), std::max(size, offset));
  *length = static_cast<size_t>(end - offset);
  const uint64_t from = std::max(offset, settled);
  if (from < end) {
    CopyBuffered(from,
                 into.subspan(static_cast<size_t>(from - offset), static_cast<size_t>(end - from)));
  }
  return std::min(settled, end);
}

// mutex_ is held. Of two segments that hold a place, the later one has the newer content.
void FileNode::CopyBuffered(uint64_t offset, std::span<uint8_t> into) {
  while (!into.empty()) {
    const uint64_t position = framing().PositionOf(offset);
    size_t index = segments_.size();
    uint64_t end = UINT64_MAX;
    while (index > 0 && segments_[index - 1]->begin > position) end = segments_[--index]->begin;
    if (index == 0) return;  // closed meanwhile, as the caller will see
    Segment& segment = *segments_[index - 1];
    end = std::min(end, segment.capacity_end);
    size_t length = static_cast<size_t>(std::min<uint64_t>(into.size(), end - position));
    if (framing().framed()) {
      length = std::min(
          length, static_cast<size_t>(framing().payload_bytes - offset % framing().payload_bytes));
    }
    std::memcpy(into.data(), segment.At(position), length);
    into = into.subspan(length);
    offset += length;
  }
}

bool FileNode::ReadSettled(uint64_t offset, std::span<uint8_t> into, Status* status) {
  if (services_.io.reads_here()) return ReadHere(offset, into, status);
  std::shared_lock<std::shared_mutex> lane(lane_mutex_);
  if (closed_.load(std::memory_order_seq_cst)) return *status = ClosedError(), true;
  if (offset + into.size() > settled_.load(std::memory_order_seq_cst)) return false;
  *status = framing().framed() ? ReadLog(offset, into, false) : ReadBlob(offset, into, false);
  return true;
}

bool FileNode::ReadHere(uint64_t offset, std::span<uint8_t> into, Status* status) {
  const ReaderGate::Pass pass;
  if (closed_.load(std::memory_order_seq_cst)) return *status = ClosedError(), true;
  if (offset + into.size() > settled_.load(std::memory_order_seq_cst)) return false;
  *status = framing().framed() ? ReadLog(offset, into, true) : ReadBlob(offset, into, true);
  return true;
}

// Bytes of the blob as they are.
Status FileNode::ReadBlob(uint64_t position, std::span<uint8_t> into, bool here) {
  std::vector<ReadPiece> pieces;
  while (!into.empty()) {
    const ClusterMap::Extent extent = map_.Find(position, into.size());
    if (extent.length_bytes == 0) {
      return Status::IoError("the file was cut while byte " + std::to_string(position) +
                             " of it was read");
    }
    ReadPiece piece{extent.device_offset, into.data(), extent.length_bytes};
    if (here) {
      services_.io.ReadHere(piece);
      if (piece.result != 0) return ReadError(position, piece.result);
    } else {
      pieces.push_back(piece);
    }
    position += extent.length_bytes;
    into = into.subspan(static_cast<size_t>(extent.length_bytes));
  }
  if (!here) services_.io.ReadByLane(pieces);
  for (const ReadPiece& piece : pieces) {
    if (piece.result != 0) return ReadError(position, piece.result);
  }
  return Status::Ok();
}

Status FileNode::ReadLog(uint64_t offset, std::span<uint8_t> into, bool here) {
  static thread_local AlignedBuffer scratch;
  if (!scratch.valid()) scratch = AlignedBuffer(kLogReadBytes);
  if (!scratch.valid()) return Status::OutOfMemory("buffer for reading a log");
  const uint64_t payload = framing().payload_bytes;
  while (!into.empty()) {
    const uint64_t first_unit = framing().UnitOf(offset);
    const uint64_t units =
        std::min<uint64_t>(framing().UnitOf(offset + into.size() - 1) + 1 - first_unit,
                           kLogReadBytes / framing().unit_bytes);
    const std::span<uint8_t> bytes =
        scratch.span().first(static_cast<size_t>(units * framing().unit_bytes));
    ASHLAR_RETURN_IF_ERROR(ReadBlob(first_unit * framing().unit_bytes, bytes, here));
    const uint64_t end = std::min(offset + into.size(), (first_unit + units) * payload);
    ASHLAR_RETURN_IF_ERROR(CheckLogUnits(first_unit, bytes, end));
    while (offset < end) {
      const uint64_t in_unit = offset % payload;
      const size_t length = static_cast<size_t>(std::min(payload - in_unit, end - offset));
      std::memcpy(into.data(),
                  bytes.data() + framing().PositionOf(offset) - first_unit * framing().unit_bytes,
                  length);
      into = into.subspan(length);
      offset += length;
    }
  }
  return Status::Ok();
}

// That they are whole and hold the log up to `size`.
Status FileNode::CheckLogUnits(uint64_t first_unit, std::span<const uint8_t> units,
                               uint64_t size) const {
  uint64_t number = first_unit;
  for (; !units.empty(); units = units.subspan(framing().unit_bytes), ++number) {
    const uint64_t begin = number * framing().payload_bytes;
    if (begin >= size) break;
    LogUnit unit;
    const LogUnitState state =
        ReadLogUnit(log_id_.load(std::memory_order_relaxed), static_cast<uint32_t>(number),
                    units.first(framing().unit_bytes), &unit);
    const uint64_t needed = std::min<uint64_t>(size - begin, framing().payload_bytes);
    if (state != LogUnitState::kValid || unit.used_bytes < needed) {
      return Status::Corrupt("the log in blob " + std::to_string(blob_.root().value) + " on " +
                             services_.io.info().name + " is damaged at byte " +
                             std::to_string(begin) + " (unit " + std::to_string(number) + ")");
    }
  }
  return Status::Ok();
}

void FileNode::ReadMany(std::span<FileRead> reads) {
  const bool one_by_one = framing().framed() || !services_.io.queues_pay() ||
                          (reads.size() == 1 && services_.io.reads_here());
  if (!one_by_one) return ReadManyByLane(reads);
  for (FileRead& read : reads) {
    const Result<size_t> length = Read(read.offset_bytes, read.into);
    read.status = length.status();
    read.length_bytes = length.ok() ? length.value() : 0;
  }
}

void FileNode::ReadManyByLane(std::span<FileRead> reads) {
  std::vector<ReadPiece> pieces;
  std::vector<size_t> ends;  // for each read, where its pieces end
  std::shared_lock<std::shared_mutex> lane(lane_mutex_);
  const bool closed = closed_.load(std::memory_order_seq_cst);
  for (FileRead& read : reads) {
    read.status = closed ? ClosedError() : Status::Ok();
    read.length_bytes = 0;
    if (!closed && !read.into.empty()) {
      size_t length = 0;
      const uint64_t device_end = ReadBuffered(read.offset_bytes, read.into, &length);
      const uint64_t from_device =
          device_end > read.offset_bytes ? device_end - read.offset_bytes : 0;
      read.length_bytes = ReadGrown(read.offset_bytes, read.into, length);
      if (!AddPieces(read.offset_bytes, read.into.first(static_cast<size_t>(from_device)),
                     &pieces)) {
        read.status = Status::IoError("the file was cut while it was read");
      }
    }
    ends.push_back(pieces.size());
  }
  services_.io.ReadByLane(pieces);
  size_t index = 0;
  for (size_t i = 0; i < reads.size(); ++i) {
    for (; index < ends[i]; ++index) {
      if (pieces[index].result != 0 && reads[i].status.ok()) {
        reads[i].status = ReadError(reads[i].offset_bytes, pieces[index].result);
        reads[i].length_bytes = 0;
      }
    }
  }
}

bool FileNode::AddPieces(uint64_t offset, std::span<uint8_t> into, std::vector<ReadPiece>* pieces) {
  while (!into.empty()) {
    const ClusterMap::Extent extent = map_.Find(offset, into.size());
    if (extent.length_bytes == 0) return false;
    pieces->push_back({extent.device_offset, into.data(), extent.length_bytes});
    offset += extent.length_bytes;
    into = into.subspan(static_cast<size_t>(extent.length_bytes));
  }
  return true;
}

}  // namespace ashlar
