#include "cpp/runtime/port.h"

#include "cpp/runtime/port_layout.h"

namespace ashlar {

namespace {

template <typename T>
T& At(uint8_t* port, uint64_t offset_bytes) {
  return *reinterpret_cast<T*>(port + offset_bytes);
}

}  // namespace

Port::Port(SharedMemory& memory, uint32_t reactor_index, CompletionSignal& signal, Handler handler,
           void* context)
    : submit_entries_(&At<uint32_t>(memory.port(reactor_index), PortLayout::kSubmitEntries)),
      completion_entries_(&At<uint32_t>(memory.port(reactor_index),
                                        PortLayout::CompletionEntries(memory.capacity()))),
      submit_head_(At<uint64_t>(memory.port(reactor_index), PortLayout::kSubmitHead)),
      completion_tail_(At<uint64_t>(memory.port(reactor_index), PortLayout::kCompletionTail)),
      reactor_asleep_(At<uint32_t>(memory.port(reactor_index), PortLayout::kReactorAsleep)),
      signal_(signal),
      handler_(handler),
      context_(context),
      mask_(memory.capacity() - 1),
      slots_(memory.slots()) {}

int Port::Poll() {
  // Every turn with completions is followed by another one, also before the reactor sleeps.
  if (signal_is_due_) {
    signal_is_due_ = false;
    signal_.Published();
  }
  int taken = 0;
  while (taken < kBatch) {
    std::atomic_ref<uint32_t> entry(submit_entries_[head_ & mask_]);
    // Sequentially consistent for the sake of AnnounceSleep(): this load comes after its store.
    const uint32_t value = entry.load(std::memory_order_seq_cst);
    if (value == 0) break;
    entry.store(0, std::memory_order_relaxed);
    ++head_;
    ++taken;
    if (value > slots_) {
      ++bad_entries_;
      continue;
    }
    handler_(context_, value - 1);
  }
  if (taken > 0) submit_head_.store(head_, std::memory_order_release);
  return taken;
}

void Port::Complete(uint32_t slot_number) {
  std::atomic_ref<uint32_t>(completion_entries_[tail_ & mask_])
      .store(slot_number, std::memory_order_relaxed);
  ++tail_;
  // Releases the entry and the slot, and stands before the look at drainer_waiting.
  completion_tail_.store(tail_, std::memory_order_seq_cst);
  signal_is_due_ = true;
}

void Port::AnnounceSleep() { reactor_asleep_.store(1, std::memory_order_seq_cst); }

void Port::AnnounceWake() { reactor_asleep_.store(0, std::memory_order_relaxed); }

}  // namespace ashlar
