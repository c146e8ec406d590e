#include "cpp/runtime/shared_memory.h"

#include <sys/mman.h>

#include <bit>
#include <cerrno>
#include <string>

#include "cpp/base/units.h"
#include "cpp/runtime/port_layout.h"

namespace ashlar {

SharedMemory::~SharedMemory() {
  // A refusal would only leave the pages in memory.
  if (base_ != nullptr) madvise(base_, size_, MADV_DONTNEED);
}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(size_, other.size_);
  std::swap(slots_offset_, other.slots_offset_);
  std::swap(slots_, other.slots_);
  std::swap(slot_bytes_, other.slot_bytes_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

Result<SharedMemory> SharedMemory::Create(uint32_t reactors, uint32_t slots, uint32_t slot_bytes) {
  if (slots == 0 || slots > kMaxSlots) {
    return Status::InvalidArgument("slots is " + std::to_string(slots) + "; give 1 to " +
                                   std::to_string(kMaxSlots));
  }
  SharedMemory memory;
  memory.slots_ = slots;
  memory.slot_bytes_ = slot_bytes;
  memory.capacity_ = std::bit_ceil(slots);
  const uint64_t ports_bytes = reactors * PortLayout::PortBytes(memory.capacity_);
  memory.slots_offset_ = RoundUp(PortLayout::kControlBytes + ports_bytes, kPageBytes);
  const size_t size = RoundUp(memory.slots_offset_ + uint64_t{slots} * slot_bytes, kPageBytes);
  void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    return Status::FromErrno(errno, "memory for " + std::to_string(slots) + " op slots");
  }
  memory.base_ = static_cast<uint8_t*>(mapped);
  memory.size_ = size;
  return memory;
}

uint32_t* SharedMemory::drainer_waiting() {
  return reinterpret_cast<uint32_t*>(base_ + PortLayout::kDrainerWaiting);
}

uint8_t* SharedMemory::port(uint32_t reactor) {
  return base_ + PortLayout::kControlBytes + reactor * PortLayout::PortBytes(capacity_);
}

}  // namespace ashlar
