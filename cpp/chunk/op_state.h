// What a reactor remembers about an operation while it works on it: one OpState per op slot, made
// when the runtime starts, so that no operation allocates.
//
// Thread: belongs to the reactor on whose port the slot was submitted; a free travels with it to
// other reactors and back.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "cpp/base/units.h"
#include "cpp/chunk/op_slot.h"
#include "cpp/device/io_request.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

class OpReactor;
class StoreReactor;
struct OpState;

// One I/O of an operation: consecutive pages that are neighbours on the device and in memory.
struct IoUnit {
  IoRequest request;
  OpState* op = nullptr;
  uint32_t first_page = 0;  // of the operation
  uint32_t page_count = 0;
  uint64_t location = 0;  // of the first page
  IoUnit* next_free = nullptr;
};

// Carries an operation to another reactor.
struct OpMessage : Message {
  OpState* op = nullptr;
};

struct OpState {
  OpSlot* slot = nullptr;
  uint32_t slot_number = 0;
  OpReactor* home = nullptr;
  StoreReactor* store = nullptr;

  // The operation's own copy of what the slot asks for, checked.
  uint8_t* address = nullptr;
  uint32_t page_count = 0;
  uint32_t head_offset_bytes = 0;
  uint32_t length_bytes = 0;

  // Pages whose bytes go through `buffer`: all of them when the caller's memory is not aligned,
  // else the first and the last where they are covered only in part.
  bool head_partial = false;
  bool tail_partial = false;
  bool buffer_all = false;
  uint8_t* buffer = nullptr;
  uint32_t buffer_pages = 0;

  // The transfer that is running (page_transfer.h).
  IoRequest::Op transfer_op = IoRequest::Op::kRead;
  void (*unit_done)(OpState&, const IoUnit&) = nullptr;  // after each good I/O
  void (*all_done)(OpState&) = nullptr;                  // when nothing is in flight any more
  uint32_t next_page = 0;
  uint32_t units_in_flight = 0;
  std::array<IoUnit, 2> own_units;
  uint32_t free_own_units = 0;  // bit mask

  // Set by the first failure; of several pages the lowest is kept.
  int32_t status = 0;

  OpState* next_waiting = nullptr;      // in a queue for buffers or space
  void (*go_on)(OpState&) = nullptr;    // what to do when the wait is over
  OpMessage message;                    // to reactors that own pages to be freed
  std::array<uint64_t, 4> runs_done{};  // bit i: run i has been seen to

  bool failed() const { return status != 0; }
  bool IsBuffered(uint32_t page) const {
    return buffer_all || (page == 0 && head_partial) || (page == page_count - 1 && tail_partial);
  }

  // Where page `page` of the operation lies in memory for its I/O.
  uint8_t* PageMemory(uint32_t page) const {
    if (buffer_all) return buffer + uint64_t{page} * kPageBytes;
    if (page == 0 && head_partial) return buffer;
    if (page == page_count - 1 && tail_partial) return buffer + (head_partial ? kPageBytes : 0);
    return address + uint64_t{page} * kPageBytes - head_offset_bytes;
  }

  // The bytes of a page that the caller gave or wants: from begin to end within the page.
  uint32_t CoveredBegin(uint32_t page) const { return page == 0 ? head_offset_bytes : 0; }
  uint32_t CoveredEnd(uint32_t page) const {
    return std::min(kPageBytes, head_offset_bytes + length_bytes - page * kPageBytes);
  }
  uint8_t* CallerBytes(uint32_t page) const {
    return address + (page == 0 ? 0 : uint64_t{page} * kPageBytes - head_offset_bytes);
  }
};

// A first-in first-out queue of operations, linked through next_waiting.
class OpQueue {
 public:
  bool empty() const { return first_ == nullptr; }
  OpState& front() { return *first_; }
  void Push(OpState& op) {
    op.next_waiting = nullptr;
    (first_ == nullptr ? first_ : last_->next_waiting) = &op;
    last_ = &op;
  }
  OpState& Pop() {
    OpState& op = *first_;
    first_ = op.next_waiting;
    op.next_waiting = nullptr;
    return op;
  }

 private:
  OpState* first_ = nullptr;
  OpState* last_ = nullptr;
};

}  // namespace ashlar
