// Chunks as the Java side keeps them, and what they must contain: random writes, reads and frees of
// any offset and length through a StoreClient, compared with plain bytes.
//
// Operations on different chunks overlap; those on one chunk follow each other, as in Java.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/testing/random.h"
#include "cpp/testing/store_client.h"

namespace ashlar {

class ChunkModel {
 public:
  struct Options {
    uint64_t seed = 1;
    uint32_t chunks = 6;
    uint32_t chunk_pages = 64;  // at most kSegmentPages
    uint32_t reactors = 1;
    bool aligned_memory = false;  // all buffers; else any alignment
    bool allow_out_of_space = false;
    bool allow_io_errors = false;  // of writes
    // Flush before the old pages of a write are freed, as a commit does (R1).
    bool flush_before_free = false;
    StoreClient* client = nullptr;
    Store* store = nullptr;
    // Called before pages are given to a free: until then they are not to be touched.
    std::function<void(std::span<const MappedPage>)> before_free;
  };

  explicit ChunkModel(const Options& options);

  // Random steps; returns "" or what went wrong. Everything has completed at the end.
  std::string Run(int steps);
  // Reads every chunk and compares.
  std::string VerifyAll();
  // Frees everything.
  std::string FreeAll();

  // All pages that are mapped, no holes.
  std::vector<MappedPage> MappedPages() const;
  uint64_t mapped_pages() const { return MappedPages().size(); }
  uint64_t out_of_space() const { return out_of_space_; }
  uint64_t io_errors() const { return io_errors_; }

  // After a reopen.
  void set_store(Store* store) { options_.store = store; }

 private:
  struct Chunk {
    std::vector<uint8_t> bytes;     // what it must contain
    std::vector<MappedPage> pages;  // as the map has it
    AlignedBuffer memory;           // the caller's buffer of the operation in flight
    bool busy = false;
  };

  void StartWrite(Chunk& chunk);
  void StartRead(Chunk& chunk);
  void StartPunch(Chunk& chunk);
  void OnWritten(Chunk& chunk, uint32_t first_page, uint32_t offset, std::span<const uint8_t> bytes,
                 OpSlot& slot);
  void StartFree(Chunk& chunk, std::vector<MappedPage> old);
  void SubmitFree(Chunk& chunk, const std::vector<MappedPage>& old);
  std::span<uint8_t> Caller(Chunk& chunk, size_t length);
  uint32_t AnyReactor() { return static_cast<uint32_t>(random_.Below(options_.reactors)); }
  void Fault(const std::string& what);
  void FaultOf(const char* operation, const OpOutcome& outcome);

  Options options_;
  Random random_;
  std::vector<Chunk> chunks_;
  std::string fault_;
  uint64_t out_of_space_ = 0;
  uint64_t io_errors_ = 0;
};

}  // namespace ashlar
