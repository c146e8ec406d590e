// The memory that a runtime shares with Java, besides the op slots: a control block and, per
// reactor, a port of two rings of slot numbers. The same layout stands in
// dev.ashlar.internal.PortLayout.
//
//   shared memory:  | control, 256 bytes | port 0 | port 1 | ... | op slots (4096-aligned) |
//
//   control:    0  drainer_waiting u32   Java sets 1 before it sleeps in awaitCompletions; whoever
//                                        publishes a completion and swaps 1 for 0 writes the
//                                        eventfd
//
//   port:       0  submit_tail u64       producers (Java threads) take a place by fetch-and-add
//             128  submit_head u64       the reactor's own
//             256  completion_tail u64   written by the reactor
//             384  completion_head u64   written by the one Java thread that drains
//             512  reactor_asleep u32    after submitting, whoever swaps 1 for 0 must call
//             Native.wake 640  submit entries        u32[capacity], slot number + 1, 0 while empty
//              ..  completion entries    u32[capacity], slot number
//
// The capacity is a power of two, at least the number of slots: a slot is in one ring at a time, so
// no ring can overflow. The reactor takes entries in order, stops at an empty one, and zeroes what
// it took.
//
// A producer takes a place, stores its entry, then loads reactor_asleep. The drainer stores
// drainer_waiting, then loads the completion tails. The reactor stores completion_tail, then loads
// drainer_waiting; and it stores reactor_asleep, then loads the next submit entry. Within each pair
// the store must not pass the load: all of these are volatile in Java and sequentially consistent
// in C++, and so nobody sleeps while there is something for him to do (docs/threading.md).
#pragma once

#include <cstdint>

namespace ashlar {

struct PortLayout {
  static constexpr uint64_t kControlBytes = 256;
  static constexpr uint64_t kDrainerWaiting = 0;
  static constexpr uint64_t kSubmitTail = 0;
  static constexpr uint64_t kSubmitHead = 128;
  static constexpr uint64_t kCompletionTail = 256;
  static constexpr uint64_t kCompletionHead = 384;
  static constexpr uint64_t kReactorAsleep = 512;
  static constexpr uint64_t kSubmitEntries = 640;
  static constexpr uint64_t CompletionEntries(uint64_t capacity) {
    return kSubmitEntries + capacity * sizeof(uint32_t);
  }
  // Rounded up to 128 so that ports do not share cache lines.
  static constexpr uint64_t PortBytes(uint64_t capacity) {
    return (kSubmitEntries + 2 * capacity * sizeof(uint32_t) + 127) / 128 * 128;
  }
};

}  // namespace ashlar
