#include "cpp/chunk/page_transfer.h"

#include "cpp/base/check.h"
#include "cpp/base/crc32c.h"
#include "cpp/chunk/op_reactor.h"
#include "cpp/chunk/store_reactor.h"

namespace ashlar {

namespace {

void Continue(OpState& op);

void OnIoDone(IoRequest* request) {
  auto* unit = static_cast<IoUnit*>(request->owner);
  OpState& op = *unit->op;
  --op.units_in_flight;
  if (request->result < 0) {
    const Status status = Status::FromErrno(-request->result, {});
    OpReactor::Fail(op, {.code = status.code(),
                         .sys_errno = -request->result,
                         .page = unit->first_page,
                         .location = unit->location,
                         .device_offset = request->offset_bytes});
  } else if (!op.failed()) {
    op.unit_done(op, *unit);
  }
  op.home->GiveUnit(unit);
  Continue(op);
}

void Submit(OpState& op, IoUnit* unit, IoRequest::Op kind, uint64_t offset_bytes) {
  IoRequest& request = unit->request;
  request.op = kind;
  request.offset_bytes = offset_bytes;
  request.length_bytes = unit->page_count * kPageBytes;
  request.data = op.PageMemory(unit->first_page);
  request.result = 0;
  request.done = &OnIoDone;
  request.owner = unit;
  ++op.units_in_flight;
  op.store->channel().Submit(&request);
}

void FailNowhere(OpState& op, uint32_t page, uint64_t location) {
  OpReactor::Fail(op, {.code = StatusCode::kCorrupt, .page = page, .location = location});
}

// How many pages from `first` on, at `offset_bytes`, one I/O can take.
uint32_t NeighboursOf(const OpState& op, uint32_t first, uint64_t offset_bytes) {
  const uint64_t* locations = op.slot->locations;
  const BlobDirectory& directory = op.store->directory();
  uint32_t count = 1;
  while (first + count < op.page_count) {
    const uint32_t page = first + count;
    const uint64_t distance = uint64_t{count} * kPageBytes;
    if (op.PageMemory(page) != op.PageMemory(first) + distance) break;
    const PageAddress address{locations[page]};
    if (address.IsHole() || directory.DeviceOffset(address) != offset_bytes + distance) break;
    ++count;
  }
  return count;
}

void Continue(OpState& op) {
  while (!op.failed() && op.next_page < op.page_count) {
    const uint32_t page = op.next_page;
    const PageAddress address{op.slot->locations[page]};
    if (address.IsHole()) {
      ++op.next_page;
      continue;
    }
    const uint64_t offset_bytes = op.store->directory().DeviceOffset(address);
    if (offset_bytes == BlobDirectory::kNowhere) {
      FailNowhere(op, page, address.value);
      break;
    }
    IoUnit* unit = op.home->TakeUnit(op);
    if (unit == nullptr) return;  // one of ours is in flight and brings us back here
    unit->first_page = page;
    unit->page_count = NeighboursOf(op, page, offset_bytes);
    unit->location = address.value;
    op.next_page += unit->page_count;
    Submit(op, unit, op.transfer_op, offset_bytes);
  }
  if (op.units_in_flight == 0) op.all_done(op);
}

}  // namespace

void PrepareTransfer(OpState& op) {
  const OpSlot& slot = *op.slot;
  op.address = reinterpret_cast<uint8_t*>(slot.address);
  op.page_count = slot.page_count;
  op.head_offset_bytes = slot.head_offset_bytes;
  op.length_bytes = slot.length_bytes;
  const uint64_t end_bytes = uint64_t{op.head_offset_bytes} + op.length_bytes;
  if (op.page_count == 0 || op.page_count > kSegmentPages || op.head_offset_bytes >= kPageBytes ||
      op.length_bytes == 0 || op.address == nullptr ||
      DivideRoundUp(end_bytes, kPageBytes) != op.page_count) {
    OpReactor::Fail(op, {.code = StatusCode::kInvalidArgument});
    return;
  }
  const bool ends_within_page = end_bytes % kPageBytes != 0;
  op.head_partial = op.head_offset_bytes > 0 || (op.page_count == 1 && ends_within_page);
  op.tail_partial = op.page_count > 1 && ends_within_page;
  const uint64_t first_page_address = slot.address - op.head_offset_bytes;
  op.buffer_all = first_page_address % op.store->memory_alignment() != 0;
  op.buffer_pages =
      op.buffer_all ? op.page_count : uint32_t{op.head_partial} + uint32_t{op.tail_partial};
}

void StartTransfer(OpState& op, IoRequest::Op kind, void (*unit_done)(OpState&, const IoUnit&),
                   void (*all_done)(OpState&)) {
  op.transfer_op = kind;
  op.unit_done = unit_done;
  op.all_done = all_done;
  op.next_page = 0;
  op.units_in_flight = 0;
  Continue(op);
}

bool SubmitPage(OpState& op, IoRequest::Op kind, uint32_t page, PageAddress location) {
  const uint64_t offset_bytes = op.store->directory().DeviceOffset(location);
  if (offset_bytes == BlobDirectory::kNowhere) {
    FailNowhere(op, page, location.value);
    return false;
  }
  IoUnit* unit = op.home->TakeUnit(op);
  ASHLAR_CHECK(unit != nullptr);
  unit->first_page = page;
  unit->page_count = 1;
  unit->location = location.value;
  Submit(op, unit, kind, offset_bytes);
  return true;
}

bool VerifyPage(OpState& op, uint32_t page, uint64_t location, uint32_t expected_crc) {
  const uint32_t actual_crc = Crc32c(op.PageMemory(page), kPageBytes);
  if (actual_crc == expected_crc) return true;
  OpReactor::Fail(op, {.code = StatusCode::kChecksumMismatch,
                       .page = page,
                       .location = location,
                       .device_offset = op.store->directory().DeviceOffset(PageAddress{location}),
                       .expected_crc = expected_crc,
                       .actual_crc = actual_crc});
  return false;
}

}  // namespace ashlar
