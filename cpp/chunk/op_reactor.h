// One reactor's end of the data path, shared by all stores of the runtime: takes op slots from the
// port, gives each to the operation it asks for, and publishes it when it is done. Owns what
// operations of all stores share: page buffers and I/O units.
//
// Thread: everything but the constructor belongs to the reactor.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ashlar/status.h"
#include "cpp/chunk/op_state.h"
#include "cpp/chunk/page_buffers.h"
#include "cpp/runtime/port.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

class StoreReactor;

class OpReactor {
 public:
  // Stores that can be open at once.
  static constexpr size_t kMaxStores = 1024;

  // All outlive this. `states` has one element per op slot and is shared by all reactors: a slot's
  // state belongs to the reactor that works on the slot.
  OpReactor(Reactor& reactor, SharedMemory& memory, CompletionSignal& signal,
            std::span<OpState> states, std::unique_ptr<PageBuffers> buffers);
  ~OpReactor();

  Reactor& reactor() { return reactor_; }
  Port& port() { return port_; }
  uint64_t buffer_bytes() const { return buffers_->bytes(); }

  // The store that slots name by `number`, whose low bits are its place in the table.
  void AddStore(uint64_t number, StoreReactor* store);
  void RemoveStore(uint64_t number);

  // --- for operations ---

  // Notes a failure; the lowest page of several wins. `page` is the index in the operation.
  struct Failure {
    StatusCode code = StatusCode::kOk;
    int sys_errno = 0;
    uint32_t page = 0;
    uint64_t location = PageAddress::kHoleValue;
    uint64_t device_offset = ~uint64_t{0};
    uint32_t expected_crc = 0;
    uint32_t actual_crc = 0;
  };
  static void Fail(OpState& op, const Failure& failure);

  // Gives buffers back, publishes the slot, leaves the store. The op is not touched afterwards.
  void Complete(OpState& op);

  // Takes op.buffer_pages pages; op.go_on is called when they are there, perhaps at once.
  void TakeBuffers(OpState& op);

  // Null when all are in use: the operation goes on with those it has.
  IoUnit* TakeUnit(OpState& op);
  void GiveUnit(IoUnit* unit);

 private:
  // Beyond the two that every operation has: for operations that are scattered.
  static constexpr size_t kSharedUnits = 512;

  static void OnSubmitted(void* self, uint32_t slot_number);
  void Begin(OpState& op);
  void GiveBuffers(OpState& op);
  void ServeBufferQueue();
  StoreReactor* FindStore(uint64_t number) const;

  struct StoreEntry {
    uint64_t number = 0;
    StoreReactor* store = nullptr;
  };

  Reactor& reactor_;
  Port port_;
  const std::span<OpState> states_;
  const std::unique_ptr<PageBuffers> buffers_;
  std::array<StoreEntry, kMaxStores> stores_{};
  std::vector<IoUnit> shared_units_;
  IoUnit* free_units_ = nullptr;
  OpQueue waiting_for_buffers_;
  bool serving_buffers_ = false;
};

}  // namespace ashlar
