#include "cpp/blobfs/read_ahead.h"

#include <algorithm>
#include <cstring>

namespace ashlar {

Result<size_t> ReadAhead::Read(FileNode& node, uint64_t offset, std::span<uint8_t> into) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (cuts_ != node.cuts()) fetched_ = 0;  // some of it may have been cut off and written again
  size_t done = CopyFetched(offset, into);
  const bool sequential = offset == next_;
  while (done < into.size()) {
    const std::span<uint8_t> rest = into.subspan(done);
    const bool fetch = sequential && rest.size() < length_bytes_;
    Result<size_t> got = fetch ? Fetch(node, offset + done) : node.Read(offset + done, rest);
    if (!got.ok()) return got;
    const size_t length = fetch ? CopyFetched(offset + done, rest) : got.value();
    done += length;
    if (length == 0 || !fetch) break;
  }
  next_ = offset + done;
  return done;
}

size_t ReadAhead::CopyFetched(uint64_t offset, std::span<uint8_t> into) {
  if (offset < begin_ || offset >= begin_ + fetched_) return 0;
  const size_t skip = static_cast<size_t>(offset - begin_);
  const size_t length = std::min(into.size(), fetched_ - skip);
  std::memcpy(into.data(), memory_.data() + skip, length);
  return length;
}

// Without memory the reader gets along with its own.
Result<size_t> ReadAhead::Fetch(FileNode& node, uint64_t offset) {
  if (!memory_.valid()) memory_ = buffers_->Take();
  if (!memory_.valid()) return Status::OutOfMemory("buffer for reading ahead");
  // A page boundary at the end makes the next fetch an aligned one.
  const size_t length = std::min<size_t>(length_bytes_, memory_.size());
  fetched_ = 0;
  begin_ = offset;
  cuts_ = node.cuts();
  const size_t aligned = length - static_cast<size_t>((offset + length) % kPageBytes);
  Result<size_t> got = node.Read(offset, {memory_.data(), aligned > 0 ? aligned : length});
  if (got.ok()) fetched_ = got.value();
  return got;
}

void ReadAhead::Drop() {
  std::lock_guard<std::mutex> lock(mutex_);
  fetched_ = 0;
  memory_ = {};
}

}  // namespace ashlar
