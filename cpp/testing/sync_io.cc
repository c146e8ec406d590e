#include "cpp/testing/sync_io.h"

#include <sched.h>

namespace ashlar {

namespace {

int Run(Channel& channel, IoRequest::Op op, uint64_t offset_bytes, void* data,
        uint32_t length_bytes) {
  bool finished = false;
  IoRequest request;
  request.op = op;
  request.offset_bytes = offset_bytes;
  request.length_bytes = length_bytes;
  request.data = data;
  request.owner = &finished;
  request.done = [](IoRequest* done) { *static_cast<bool*>(done->owner) = true; };
  channel.Submit(&request);
  while (!finished) {
    if (channel.Poll() == 0) sched_yield();
  }
  return request.result;
}

}  // namespace

int SyncRead(Channel& channel, uint64_t offset_bytes, std::span<uint8_t> into) {
  return Run(channel, IoRequest::Op::kRead, offset_bytes, into.data(),
             static_cast<uint32_t>(into.size()));
}

int SyncWrite(Channel& channel, uint64_t offset_bytes, std::span<const uint8_t> from) {
  return Run(channel, IoRequest::Op::kWrite, offset_bytes, const_cast<uint8_t*>(from.data()),
             static_cast<uint32_t>(from.size()));
}

int SyncFlush(Channel& channel) { return Run(channel, IoRequest::Op::kFlush, 0, nullptr, 0); }

int SyncDiscard(Channel& channel, uint64_t offset_bytes, uint32_t length_bytes) {
  return Run(channel, IoRequest::Op::kDiscard, offset_bytes, nullptr, length_bytes);
}

void Drain(Channel& channel) {
  while (channel.in_flight() > 0) {
    if (channel.Poll() == 0) sched_yield();
  }
}

}  // namespace ashlar
