#include "cpp/chunk/page_buffers.h"

#include <algorithm>
#include <string>

#include "cpp/base/check.h"
#include "cpp/base/page_memory.h"
#include "cpp/base/units.h"

namespace ashlar {

Result<std::unique_ptr<PageBuffers>> PageBuffers::Create(uint64_t bytes) {
  const uint64_t size = RoundUp(std::max(bytes, kMinBytes), kPageBytes);
  const uint64_t pages = size / kPageBytes;
  if (pages > UINT32_MAX) {
    return Status::InvalidArgument("buffer_bytes is " + std::to_string(bytes) +
                                   " for one reactor; give less than 16 TiB");
  }
  const PageMemory memory = AllocatePageMemory(size);
  if (memory.bytes == nullptr) {
    return Status::OutOfMemory("page buffers of " + std::to_string(size) + " bytes");
  }
  return std::unique_ptr<PageBuffers>(new PageBuffers(memory, static_cast<uint32_t>(pages)));
}

PageBuffers::~PageBuffers() { memory_.free(memory_.bytes); }

uint8_t* PageBuffers::Take(uint32_t pages) {
  if (!bitmap_.MayHaveRun(pages)) return nullptr;
  const PageRun run = bitmap_.Allocate(pages);
  if (run.count == pages) return base_ + uint64_t{run.first} * kPageBytes;
  if (run.count > 0) ASHLAR_CHECK(bitmap_.Free(run));
  return nullptr;
}

void PageBuffers::Give(uint8_t* buffer, uint32_t pages) {
  const auto first = static_cast<uint32_t>(static_cast<uint64_t>(buffer - base_) / kPageBytes);
  ASHLAR_CHECK(bitmap_.Free({first, pages}));
}

}  // namespace ashlar
