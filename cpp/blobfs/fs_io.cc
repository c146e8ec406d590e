#include "cpp/blobfs/fs_io.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"

namespace ashlar {

namespace {

// Of each thread that reads: through it go reads that are not aligned as the device wants them.
constexpr size_t kBounceBytes = 128 * kKiB;
// Bound of what one call has in flight through a lane.
constexpr uint64_t kMaxBatchBytes = 4 * kMiB;

uint8_t* ThreadBounce() {
  static thread_local AlignedBuffer buffer;
  if (!buffer.valid()) buffer = AlignedBuffer(kBounceBytes);
  return buffer.data();
}

}  // namespace

FsIo::FsIo(Device& device, std::vector<Lane> lanes)
    : device_(device),
      info_(device.info()),
      memory_(device.memory()),
      reads_here_(memory_ != nullptr || device.SupportsInlineRead()),
      queues_pay_(info_.backend == "io_uring" || !reads_here_),
      syncs_here_(device.SupportsInlineWrite() && device.SupportsInlineFlush()),
      lanes_(std::move(lanes)) {}

void FsIo::Run(LaneJob& job, const Lane& lane, bool here) const {
  if (here) {
    job.RunHere(device_);
  } else {
    job.Start(lane);
  }
}

FsIo::Range FsIo::SectorsOf(const ReadPiece& piece) const {
  return {RoundDown(piece.device_offset, info_.sector_bytes),
          RoundUp(piece.device_offset + piece.length_bytes, info_.sector_bytes)};
}

bool FsIo::IsAligned(const ReadPiece& piece) const {
  return piece.device_offset % info_.sector_bytes == 0 &&
         piece.length_bytes % info_.sector_bytes == 0 &&
         reinterpret_cast<uintptr_t>(piece.into) % info_.memory_alignment == 0 &&
         piece.length_bytes <= kMaxBatchBytes;
}

void FsIo::ReadHere(ReadPiece& piece) const {
  if (memory_ != nullptr) {
    std::memcpy(piece.into, memory_ + piece.device_offset, piece.length_bytes);
    piece.result = 0;
    return;
  }
  if (IsAligned(piece)) {
    piece.result = device_.ReadInline(piece.device_offset, piece.into,
                                      static_cast<uint32_t>(piece.length_bytes));
    return;
  }
  uint8_t* const bounce = ThreadBounce();
  piece.result = bounce == nullptr ? -ENOMEM : 0;
  const Range range = SectorsOf(piece);
  uint64_t skip = piece.device_offset - range.begin;
  uint8_t* into = piece.into;
  for (uint64_t at = range.begin; at < range.end && piece.result == 0; at += kBounceBytes) {
    const uint64_t length = std::min<uint64_t>(kBounceBytes, range.end - at);
    piece.result = device_.ReadInline(at, bounce, static_cast<uint32_t>(length));
    if (piece.result != 0) break;
    const uint64_t wanted =
        std::min(length - skip, static_cast<uint64_t>(piece.into + piece.length_bytes - into));
    std::memcpy(into, bounce + skip, wanted);
    into += wanted;
    skip = 0;
  }
}

void FsIo::ReadByLane(std::span<ReadPiece> pieces) const {
  std::vector<ReadPiece*> batch;
  // Long pieces are cut so that a batch is bounded.
  std::vector<ReadPiece> parts;
  std::vector<size_t> part_of;
  for (size_t i = 0; i < pieces.size(); ++i) {
    pieces[i].result = 0;
    for (uint64_t done = 0; done < pieces[i].length_bytes; done += kMiB) {
      parts.push_back({pieces[i].device_offset + done, pieces[i].into + done,
                       std::min(kMiB, pieces[i].length_bytes - done)});
      part_of.push_back(i);
    }
  }
  uint64_t bounce_bytes = 0;
  uint64_t batch_bytes = 0;
  for (ReadPiece& part : parts) {
    const Range range = SectorsOf(part);
    const uint64_t bytes = range.end - range.begin;
    if (batch_bytes + bytes > kMaxBatchBytes) {
      ReadBatch(batch, bounce_bytes);
      batch.clear();
      bounce_bytes = batch_bytes = 0;
    }
    batch.push_back(&part);
    batch_bytes += bytes;
    if (!IsAligned(part)) bounce_bytes += RoundUp(bytes, kPageBytes);
  }
  ReadBatch(batch, bounce_bytes);
  for (size_t i = 0; i < parts.size(); ++i) {
    ReadPiece& piece = pieces[part_of[i]];
    if (piece.result == 0) piece.result = parts[i].result;
  }
}

void FsIo::ReadBatch(std::span<ReadPiece*> batch, uint64_t bounce_bytes) const {
  if (batch.empty()) return;
  AlignedBuffer own;
  uint8_t* bounce = nullptr;
  if (bounce_bytes > 0 && bounce_bytes <= kBounceBytes) {
    bounce = ThreadBounce();
  } else if (bounce_bytes > 0) {
    own = AlignedBuffer(bounce_bytes);
    bounce = own.data();
  }
  if (bounce_bytes > 0 && bounce == nullptr) {
    for (ReadPiece* piece : batch) piece->result = -ENOMEM;
    return;
  }
  LaneJob job;
  uint8_t* next = bounce;
  for (const ReadPiece* piece : batch) {
    const Range range = SectorsOf(*piece);
    const uint64_t bytes = range.end - range.begin;
    if (IsAligned(*piece)) {
      job.AddRead(piece->device_offset, piece->into, static_cast<uint32_t>(bytes));
    } else {
      job.AddRead(range.begin, next, static_cast<uint32_t>(bytes));
      next += RoundUp(bytes, kPageBytes);
    }
  }
  job.Start(NextLane());
  job.Wait();
  next = bounce;
  for (size_t i = 0; i < batch.size(); ++i) {
    ReadPiece& piece = *batch[i];
    piece.result = job.ResultOf(i);
    if (IsAligned(piece)) continue;
    const Range range = SectorsOf(piece);
    if (piece.result == 0) {
      std::memcpy(piece.into, next + (piece.device_offset - range.begin), piece.length_bytes);
    }
    next += RoundUp(range.end - range.begin, kPageBytes);
  }
}

}  // namespace ashlar
