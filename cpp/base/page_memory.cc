#include "cpp/base/page_memory.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "cpp/base/huge_arena.h"
#include "cpp/base/units.h"

namespace ashlar {

namespace {

std::atomic<const PageMemorySource*> current_source{nullptr};

void FreeHeap(void* bytes) { std::free(bytes); }

#ifdef __SANITIZE_ADDRESS__
// The heap's own redzones find more.
constexpr size_t kArenaBytes = SIZE_MAX;
#else
constexpr size_t kArenaBytes = HugeArena::kMinBytes;
#endif

// Never destroyed: buffers may be freed until the process ends.
HugeArena& Arena() {
  static auto* arena = new HugeArena;
  return *arena;
}

void FreeArena(void* bytes) { Arena().Free(bytes); }

}  // namespace

PageMemory AllocatePageMemory(size_t length_bytes) {
  const PageMemorySource* source = current_source.load(std::memory_order_acquire);
  if (source != nullptr) {
    void* bytes = source->allocate(length_bytes);
    if (bytes != nullptr) return {bytes, source->free};
  }
  if (length_bytes >= kArenaBytes) return {Arena().Allocate(length_bytes), &FreeArena};
  return {std::aligned_alloc(kPageBytes, length_bytes), &FreeHeap};
}

void SetPageMemorySource(const PageMemorySource* source) {
  current_source.store(source, std::memory_order_release);
}

}  // namespace ashlar
