// Reading ahead for one handle: a read that goes on where the last one ended fetches more than it
// was asked for, and the next ones are served from that.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>

#include "ashlar/status.h"
#include "cpp/blobfs/buffer_pool.h"
#include "cpp/blobfs/file_node.h"

namespace ashlar {

class ReadAhead {
 public:
  static constexpr uint32_t kMaxBytes = 4u << 20;

  ReadAhead(BufferPool* buffers, uint32_t length_bytes)
      : buffers_(buffers), length_bytes_(length_bytes) {}

  // As FileNode::Read. One thread at a time reads, the others wait.
  Result<size_t> Read(FileNode& node, uint64_t offset, std::span<uint8_t> into);

  // Gives the buffer back.
  void Drop();

 private:
  Result<size_t> Fetch(FileNode& node, uint64_t offset);
  size_t CopyFetched(uint64_t offset, std::span<uint8_t> into);

  BufferPool* const buffers_;
  const uint32_t length_bytes_;
  std::mutex mutex_;
  BufferPool::Lease memory_;
  uint64_t begin_ = 0;  // what memory_ holds
  size_t fetched_ = 0;
  uint64_t cuts_ = 0;  // of the file when it was fetched
  uint64_t next_ = 0;  // where a sequential reader goes on
};

}  // namespace ashlar
