// A port: the pair of rings through which one reactor takes op slot numbers from Java and gives
// them back (port_layout.h has the memory, docs/threading.md the proof that nothing is missed).
//
// Thread: everything but the constructor belongs to the port's reactor. Any number of Java threads
// submit, one drains.
#pragma once

#include <atomic>
#include <cstdint>

#include "cpp/runtime/completion_signal.h"
#include "cpp/runtime/reactor.h"
#include "cpp/runtime/shared_memory.h"

namespace ashlar {

class Port final : public Poller {
 public:
  // Takes one submitted slot; the slot is the reactor's until Complete(number).
  using Handler = void (*)(void* context, uint32_t slot_number);

  // All four outlive the port.
  Port(SharedMemory& memory, uint32_t reactor_index, CompletionSignal& signal, Handler handler,
       void* context);

  // Publishes the slot to Java. May be called from inside the handler. A drainer that sleeps is
  // woken in the next turn, once for all that completed in this one.
  void Complete(uint32_t slot_number);

  int Poll() override;
  void AnnounceSleep() override;
  void AnnounceWake() override;

  // Entries that named no slot: a fault of the submitter, dropped.
  uint64_t bad_entries() const { return bad_entries_; }

 private:
  // Slots taken in one turn, so that a flood of submissions does not starve the devices.
  static constexpr int kBatch = 128;

  uint32_t* const submit_entries_;
  uint32_t* const completion_entries_;
  std::atomic_ref<uint64_t> submit_head_;
  std::atomic_ref<uint64_t> completion_tail_;
  std::atomic_ref<uint32_t> reactor_asleep_;
  CompletionSignal& signal_;
  const Handler handler_;
  void* const context_;
  const uint64_t mask_;
  const uint32_t slots_;
  uint64_t head_ = 0;
  uint64_t tail_ = 0;
  uint64_t bad_entries_ = 0;
  bool signal_is_due_ = false;
};

}  // namespace ashlar
