#include "cpp/chunk/flush_op.h"

#include "cpp/chunk/op_reactor.h"
#include "cpp/chunk/store_core.h"
#include "cpp/chunk/store_reactor.h"

namespace ashlar {

namespace {

void OnFlushed(IoRequest* request) {
  OpState& op = *static_cast<OpState*>(request->owner);
  --op.units_in_flight;
  if (request->result < 0) {
    const Status status = Status::FromErrno(-request->result, {});
    op.store->core().OnDeviceFailure(status);
    OpReactor::Fail(op, {.code = status.code(), .sys_errno = -request->result});
  }
  op.home->Complete(op);
}

}  // namespace

void StartFlush(OpState& op) {
  IoRequest& request = op.own_units[0].request;
  request.op = IoRequest::Op::kFlush;
  request.offset_bytes = 0;
  request.length_bytes = 0;
  request.data = nullptr;
  request.result = 0;
  request.done = &OnFlushed;
  request.owner = &op;
  op.units_in_flight = 1;
  op.store->channel().Submit(&request);
}

}  // namespace ashlar
