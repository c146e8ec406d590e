#include "cpp/chunk/free_op.h"

#include "cpp/chunk/op_reactor.h"
#include "cpp/chunk/store_core.h"
#include "cpp/chunk/store_reactor.h"

namespace ashlar {

namespace {

bool IsDone(const OpState& op, uint32_t run) {
  return (op.runs_done[run / 64] >> (run % 64) & 1) != 0;
}

void MarkDone(OpState& op, uint32_t run) { op.runs_done[run / 64] |= uint64_t{1} << (run % 64); }

bool IsFree(const OpState& op) { return op.slot->opcode == static_cast<uint32_t>(OpCode::kFree); }

// The pages of a failed write are runs of one.
uint32_t RunPages(const OpState& op, uint32_t run) { return IsFree(op) ? op.slot->crcs[run] : 1; }

// The run holds a page that is not in use: a fault of the caller, or ours.
void FailRun(OpState& op, StoreReactor& here, uint32_t run) {
  here.CountInternalError();
  if (!IsFree(op)) return;  // it has failed already, for a better reason
  OpReactor::Fail(op,
                  {.code = StatusCode::kCorrupt, .page = run, .location = op.slot->locations[run]});
}

constexpr uint32_t kNobody = PrivateBlob::kInTransit - 1;

// Frees the runs whose blobs `here` owns. Returns who owns the blob of one of the rest, or kNobody
// when there is no rest.
uint32_t FreeRunsOf(OpState& op, StoreReactor& here) {
  uint32_t elsewhere = kNobody;
  for (uint32_t run = 0; run < op.page_count; ++run) {
    if (IsDone(op, run)) continue;
    const PageAddress first{op.slot->locations[run]};
    PrivateBlob* blob = here.directory().Find(first.blob());
    if (blob != nullptr) {
      const uint32_t owner = blob->owner.load(std::memory_order_relaxed);
      if (owner != here.index()) {
        elsewhere = owner;
        continue;
      }
    }
    if (blob == nullptr || !here.FreePages(blob, {first.page(), RunPages(op, run)})) {
      FailRun(op, here, run);
    }
    MarkDone(op, run);
  }
  return elsewhere;
}

void Work(OpState& op, StoreReactor& here);

void Arrive(Message* message) {
  OpState& op = *static_cast<OpMessage*>(message)->op;
  Work(op, op.store->core().Here());
}

void ArriveHome(Message* message) {
  OpState& op = *static_cast<OpMessage*>(message)->op;
  op.home->Complete(op);
}

void Work(OpState& op, StoreReactor& here) {
  const uint32_t elsewhere = FreeRunsOf(op, here);
  const bool at_home = &here == op.store;
  if (elsewhere != kNobody) {
    op.message.run = &Arrive;
    // A blob between two owners: look again in the next turn.
    const uint32_t to = elsewhere == PrivateBlob::kInTransit ? here.index() : elsewhere;
    here.core().At(to).reactor().Post(&op.message);
  } else if (!at_home) {
    op.message.run = &ArriveHome;
    op.home->reactor().Post(&op.message);
  }
  here.AfterFrees();
  if (elsewhere == kNobody && at_home) op.home->Complete(op);
}

void Travel(OpState& op) {
  op.runs_done = {};
  op.message.op = &op;
  Work(op, *op.store);
}

}  // namespace

void StartFree(OpState& op) {
  op.page_count = op.slot->page_count;
  StatusCode refusal = StatusCode::kOk;
  if (op.page_count == 0 || op.page_count > kSegmentPages) refusal = StatusCode::kInvalidArgument;
  if (!op.store->allocating()) refusal = StatusCode::kReadOnly;
  if (refusal != StatusCode::kOk) {
    OpReactor::Fail(op, {.code = refusal});
    return op.home->Complete(op);
  }
  Travel(op);
}

void FreeFreshPages(OpState& op) { Travel(op); }

}  // namespace ashlar
