#include "cpp/chunk/op_reactor.h"

#include <bit>

#include "cpp/base/check.h"
#include "cpp/chunk/flush_op.h"
#include "cpp/chunk/free_op.h"
#include "cpp/chunk/read_op.h"
#include "cpp/chunk/store_reactor.h"
#include "cpp/chunk/write_op.h"

namespace ashlar {

OpReactor::OpReactor(Reactor& reactor, SharedMemory& memory, CompletionSignal& signal,
                     std::span<OpState> states, std::unique_ptr<PageBuffers> buffers)
    : reactor_(reactor),
      port_(memory, reactor.index(), signal, &OpReactor::OnSubmitted, this),
      states_(states),
      buffers_(std::move(buffers)),
      shared_units_(kSharedUnits) {
  for (IoUnit& unit : shared_units_) {
    unit.next_free = free_units_;
    free_units_ = &unit;
  }
}

OpReactor::~OpReactor() { ASHLAR_CHECK(buffers_->all_free()); }

void OpReactor::AddStore(uint64_t number, StoreReactor* store) {
  StoreEntry& entry = stores_[number % kMaxStores];
  ASHLAR_CHECK(entry.store == nullptr);
  entry = StoreEntry{number, store};
}

void OpReactor::RemoveStore(uint64_t number) { stores_[number % kMaxStores] = StoreEntry{}; }

StoreReactor* OpReactor::FindStore(uint64_t number) const {
  const StoreEntry& entry = stores_[number % kMaxStores];
  return entry.number == number ? entry.store : nullptr;
}

void OpReactor::OnSubmitted(void* self, uint32_t slot_number) {
  auto* ops = static_cast<OpReactor*>(self);
  OpState& op = ops->states_[slot_number];
  op.home = ops;
  ops->Begin(op);
}

void OpReactor::Begin(OpState& op) {
  op.status = 0;
  op.slot->status = 0;
  op.slot->sys_errno = 0;
  op.buffer_pages = 0;
  op.free_own_units = (1u << op.own_units.size()) - 1;
  op.store = FindStore(op.slot->store);
  if (op.store == nullptr || !op.store->BeginOp()) {
    op.store = nullptr;
    Fail(op, {.code = StatusCode::kClosed});
    return Complete(op);
  }
  switch (static_cast<OpCode>(op.slot->opcode)) {
    case OpCode::kRead:
      return StartRead(op);
    case OpCode::kWrite:
      return StartWrite(op);
    case OpCode::kFree:
      return StartFree(op);
    case OpCode::kFlush:
      return StartFlush(op);
  }
  Fail(op, {.code = StatusCode::kInvalidArgument});
  Complete(op);
}

void OpReactor::Fail(OpState& op, const Failure& failure) {
  if (op.failed() && failure.page >= op.slot->failed_page) return;
  op.status = -static_cast<int32_t>(failure.code);
  OpSlot& slot = *op.slot;
  slot.sys_errno = failure.sys_errno;
  slot.failed_page = failure.page;
  slot.failed_location = failure.location;
  slot.failed_offset = failure.device_offset;
  slot.expected_crc = failure.expected_crc;
  slot.actual_crc = failure.actual_crc;
}

void OpReactor::Complete(OpState& op) {
  ASHLAR_CHECK(op.units_in_flight == 0);
  if (op.buffer != nullptr) GiveBuffers(op);
  StoreReactor* store = op.store;
  op.store = nullptr;
  op.slot->status = op.status;
  port_.Complete(op.slot_number);
  // From here on Java may have given the slot to another reactor.
  if (store != nullptr) store->EndOp();
}

void OpReactor::TakeBuffers(OpState& op) {
  waiting_for_buffers_.Push(op);
  if (!serving_buffers_) ServeBufferQueue();
}

void OpReactor::GiveBuffers(OpState& op) {
  buffers_->Give(op.buffer, op.buffer_pages);
  op.buffer = nullptr;
  if (!serving_buffers_) ServeBufferQueue();
}

// In order, so that a large operation is not overtaken for ever by small ones. Not recursive: an
// operation that goes on may complete and give its buffers back at once.
void OpReactor::ServeBufferQueue() {
  serving_buffers_ = true;
  while (!waiting_for_buffers_.empty()) {
    OpState& op = waiting_for_buffers_.front();
    uint8_t* buffer = buffers_->Take(op.buffer_pages);
    if (buffer == nullptr) break;
    waiting_for_buffers_.Pop();
    op.buffer = buffer;
    op.go_on(op);
  }
  serving_buffers_ = false;
}

IoUnit* OpReactor::TakeUnit(OpState& op) {
  if (op.free_own_units != 0) {
    const auto index = static_cast<size_t>(std::countr_zero(op.free_own_units));
    op.free_own_units &= op.free_own_units - 1;
    op.own_units[index].op = &op;
    return &op.own_units[index];
  }
  IoUnit* unit = free_units_;
  if (unit != nullptr) {
    free_units_ = unit->next_free;
    unit->op = &op;
  }
  return unit;
}

void OpReactor::GiveUnit(IoUnit* unit) {
  OpState& op = *unit->op;
  const auto own = static_cast<size_t>(unit - op.own_units.data());
  if (unit >= op.own_units.data() && own < op.own_units.size()) {
    op.free_own_units |= 1u << own;
    return;
  }
  unit->next_free = free_units_;
  free_units_ = unit;
}

}  // namespace ashlar
