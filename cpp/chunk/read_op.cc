#include "cpp/chunk/read_op.h"

#include <cstring>

#include "cpp/chunk/op_reactor.h"
#include "cpp/chunk/page_transfer.h"

namespace ashlar {

namespace {

void CopyToCaller(OpState& op, uint32_t page) {
  const uint32_t begin = op.CoveredBegin(page);
  std::memcpy(op.CallerBytes(page), op.PageMemory(page) + begin, op.CoveredEnd(page) - begin);
}

void OnPagesRead(OpState& op, const IoUnit& unit) {
  for (uint32_t i = 0; i < unit.page_count; ++i) {
    const uint32_t page = unit.first_page + i;
    if (!VerifyPage(op, page, op.slot->locations[page], op.slot->crcs[page])) return;
    if (op.IsBuffered(page)) CopyToCaller(op, page);
  }
}

void ZeroHoles(OpState& op) {
  for (uint32_t page = 0; page < op.page_count; ++page) {
    if (!PageAddress{op.slot->locations[page]}.IsHole()) continue;
    std::memset(op.CallerBytes(page), 0, op.CoveredEnd(page) - op.CoveredBegin(page));
  }
}

void Finish(OpState& op) { op.home->Complete(op); }

void Transfer(OpState& op) {
  ZeroHoles(op);
  StartTransfer(op, IoRequest::Op::kRead, &OnPagesRead, &Finish);
}

}  // namespace

void StartRead(OpState& op) {
  PrepareTransfer(op);
  if (op.failed()) return Finish(op);
  if (op.buffer_pages == 0) return Transfer(op);
  op.go_on = &Transfer;
  op.home->TakeBuffers(op);
}

}  // namespace ashlar
