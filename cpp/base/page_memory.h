// Where page-aligned memory for I/O comes from: the heap (what is large from a HugeArena), or,
// while a device needs memory of its own kind (SPDK: DMA memory), whoever has made itself the
// source. Memory goes back to where it came from, whatever the source is by then.
//
// Threads: any.
#pragma once

#include <cstddef>

namespace ashlar {

struct PageMemory {
  void* bytes = nullptr;
  void (*free)(void*) = nullptr;
};

// For a std::unique_ptr.
struct PageMemoryDeleter {
  void operator()(void* bytes) const { free(bytes); }
  void (*free)(void*) = nullptr;
};

// Aligned to 4096; the content is undefined. Null bytes: there is no memory. `length_bytes` is a
// multiple of 4096, not 0.
PageMemory AllocatePageMemory(size_t length_bytes);

struct PageMemorySource {
  // As AllocatePageMemory; null when it has none left: the heap is used then.
  void* (*allocate)(size_t length_bytes) = nullptr;
  void (*free)(void*) = nullptr;
};

// Null: the heap. The source stays valid until the process ends.
void SetPageMemorySource(const PageMemorySource* source);

}  // namespace ashlar
