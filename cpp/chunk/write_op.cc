#include "cpp/chunk/write_op.h"

#include <cstring>

#include "cpp/base/crc32c.h"
#include "cpp/chunk/free_op.h"
#include "cpp/chunk/op_reactor.h"
#include "cpp/chunk/page_transfer.h"
#include "cpp/chunk/store_reactor.h"

namespace ashlar {

namespace {

void Finish(OpState& op) {
  if (op.failed()) return FreeFreshPages(op);
  op.home->Complete(op);
}

void IgnoreUnit(OpState& /*op*/, const IoUnit& /*unit*/) {}

// Zeros around the covered bytes of a page that had no content before.
void ClearUncovered(OpState& op, uint32_t page) {
  uint8_t* memory = op.PageMemory(page);
  std::memset(memory, 0, op.CoveredBegin(page));
  std::memset(memory + op.CoveredEnd(page), 0, kPageBytes - op.CoveredEnd(page));
}

// The old pages are in their buffers: puts the caller's bytes over them and writes everything.
void MergeAndWrite(OpState& op) {
  if (op.failed()) return Finish(op);
  for (uint32_t page = 0; page < op.page_count; ++page) {
    if (op.IsBuffered(page)) {
      const uint32_t begin = op.CoveredBegin(page);
      std::memcpy(op.PageMemory(page) + begin, op.CallerBytes(page), op.CoveredEnd(page) - begin);
    }
    op.slot->crcs[page] = Crc32c(op.PageMemory(page), kPageBytes);
  }
  StartTransfer(op, IoRequest::Op::kWrite, &IgnoreUnit, &Finish);
}

void OnOldPageRead(OpState& op, const IoUnit& unit) {
  const OpSlot& slot = *op.slot;
  const bool head = unit.first_page == 0;
  VerifyPage(op, unit.first_page, unit.location, head ? slot.old_head_crc : slot.old_tail_crc);
}

// Fetches the old content of a partly covered page into its buffer.
void FetchOld(OpState& op, uint32_t page, uint64_t old_location) {
  const PageAddress address{old_location};
  if (address.IsHole()) {
    ClearUncovered(op, page);
  } else {
    SubmitPage(op, IoRequest::Op::kRead, page, address);
  }
}

void FetchOldPages(OpState& op) {
  op.unit_done = &OnOldPageRead;
  op.all_done = &MergeAndWrite;
  op.units_in_flight = 0;
  op.next_page = op.page_count;  // nothing to begin but the pages below
  if (op.head_partial) FetchOld(op, 0, op.slot->old_head_location);
  if (op.tail_partial && !op.failed()) {
    FetchOld(op, op.page_count - 1, op.slot->old_tail_location);
  }
  if (op.units_in_flight == 0) MergeAndWrite(op);
}

void OnSpace(OpState& op) {
  if (op.failed()) return op.home->Complete(op);  // no page was taken
  if (op.buffer_pages == 0) return MergeAndWrite(op);
  op.go_on = &FetchOldPages;
  op.home->TakeBuffers(op);
}

}  // namespace

void StartWrite(OpState& op) {
  PrepareTransfer(op);
  if (op.failed()) return op.home->Complete(op);
  op.go_on = &OnSpace;
  op.store->TakePages(op);
}

}  // namespace ashlar
