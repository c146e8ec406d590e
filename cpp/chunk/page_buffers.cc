#include "cpp/chunk/page_buffers.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "cpp/base/check.h"
#include "cpp/base/units.h"

namespace ashlar {

Result<std::unique_ptr<PageBuffers>> PageBuffers::Create(uint64_t bytes) {
  const uint64_t size = RoundUp(std::max(bytes, kMinBytes), kPageBytes);
  const uint64_t pages = size / kPageBytes;
  if (pages > UINT32_MAX) {
    return Status::InvalidArgument("buffer_bytes is " + std::to_string(bytes) +
                                   " for one reactor; give less than 16 TiB");
  }
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) {
    return Status::FromErrno(errno, "page buffers of " + std::to_string(size) + " bytes");
  }
  return std::unique_ptr<PageBuffers>(
      new PageBuffers(static_cast<uint8_t*>(base), static_cast<uint32_t>(pages)));
}

PageBuffers::~PageBuffers() { munmap(base_, static_cast<size_t>(bytes())); }

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
