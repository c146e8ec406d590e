#include "cpp/base/page_memory.h"

#include <atomic>
#include <cstdlib>

#include "cpp/base/units.h"

namespace ashlar {

namespace {

std::atomic<const PageMemorySource*> current_source{nullptr};

void FreeHeap(void* bytes) { std::free(bytes); }

}  // namespace

PageMemory AllocatePageMemory(size_t length_bytes) {
  const PageMemorySource* source = current_source.load(std::memory_order_acquire);
  if (source != nullptr) {
    void* bytes = source->allocate(length_bytes);
    if (bytes != nullptr) return {bytes, source->free};
  }
  return {std::aligned_alloc(kPageBytes, length_bytes), &FreeHeap};
}

void SetPageMemorySource(const PageMemorySource* source) {
  current_source.store(source, std::memory_order_release);
}

}  // namespace ashlar
