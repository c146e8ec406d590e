#include "cpp/blobfs/lane_job.h"

#include "cpp/base/check.h"

namespace ashlar {

void LaneJob::Add(IoRequest::Op op, uint64_t device_offset, void* data, uint32_t length_bytes) {
  IoRequest request;
  request.op = op;
  request.offset_bytes = device_offset;
  request.length_bytes = length_bytes;
  request.data = data;
  request.owner = this;
  request.done = [](IoRequest* done) { static_cast<LaneJob*>(done->owner)->OnTransferDone(*done); };
  requests_.push_back(request);
}

void LaneJob::Start(const Lane& lane) {
  ASHLAR_CHECK(Reactor::Current() == nullptr && !empty());
  channel_ = lane.channel;
  run = [](Message* message) { static_cast<LaneJob*>(message)->SubmitAll(); };
  lane.reactor->Post(this);
}

void LaneJob::RunHere(Device& device) {
  ASHLAR_CHECK(Reactor::Current() == nullptr && !empty());
  for (IoRequest& request : requests_) {
    ASHLAR_CHECK(request.op == IoRequest::Op::kWrite);
    request.result = device.WriteInline(request.offset_bytes, request.data, request.length_bytes);
    if (transfer_result_ == 0) transfer_result_ = request.result;
  }
  if (flushes_ && transfer_result_ == 0) flush_result_ = device.FlushInline();
  finished_.Set();
}

void LaneJob::SubmitAll() {
  in_flight_ = requests_.size();
  if (requests_.empty()) return SubmitFlushOrFinish();
  for (IoRequest& request : requests_) channel_->Submit(&request);
}

void LaneJob::OnTransferDone(const IoRequest& request) {
  if (transfer_result_ == 0) transfer_result_ = request.result;
  if (--in_flight_ == 0) SubmitFlushOrFinish();
}

void LaneJob::SubmitFlushOrFinish() {
  if (!flushes_ || transfer_result_ != 0) return finished_.Set();
  flush_.op = IoRequest::Op::kFlush;
  flush_.owner = this;
  flush_.done = [](IoRequest* done) {
    auto* self = static_cast<LaneJob*>(done->owner);
    self->flush_result_ = done->result;
    self->finished_.Set();
  };
  channel_->Submit(&flush_);
}

}  // namespace ashlar
