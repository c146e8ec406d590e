// The memory shared with Java: control block, one port per reactor, op slots (see port_layout.h).
//
// This class owns the mapping and knows where its parts lie; ports and op slots give the parts
// their meaning. It lives as long as anybody, Java included, may touch the memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "ashlar/status.h"

namespace ashlar {

class SharedMemory {
 public:
  static constexpr uint32_t kMaxSlots = 65536;

  SharedMemory() = default;
  ~SharedMemory();
  SharedMemory(SharedMemory&& other) noexcept { *this = std::move(other); }
  SharedMemory& operator=(SharedMemory&& other) noexcept;

  // Zeroed memory. slots: 1 to kMaxSlots; slot_bytes: a multiple of 8.
  static Result<SharedMemory> Create(uint32_t reactors, uint32_t slots, uint32_t slot_bytes);

  uint8_t* data() { return base_; }
  size_t size() const { return size_; }
  uint32_t slots() const { return slots_; }
  // Entries per ring: the next power of two from the number of slots.
  uint32_t capacity() const { return capacity_; }

  uint32_t* drainer_waiting();
  uint8_t* port(uint32_t reactor);
  uint8_t* slot(uint32_t number) { return base_ + slots_offset_ + size_t{number} * slot_bytes_; }

 private:
  uint8_t* base_ = nullptr;
  size_t size_ = 0;
  size_t slots_offset_ = 0;
  uint32_t slots_ = 0;
  uint32_t slot_bytes_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace ashlar
