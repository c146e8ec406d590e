// Awaitable device I/O for coroutines on a reactor.
#pragma once

#include <coroutine>
#include <string>

#include "ashlar/status.h"
#include "cpp/device/device.h"

namespace ashlar {

// co_await IoAwait(channel, op, offset, data, length) gives 0 or a negative errno.
class IoAwait {
 public:
  IoAwait(Channel& channel, IoRequest::Op op, uint64_t offset_bytes, void* data,
          uint32_t length_bytes)
      : channel_(channel) {
    request_.op = op;
    request_.offset_bytes = offset_bytes;
    request_.length_bytes = length_bytes;
    request_.data = data;
    request_.owner = this;
    request_.done = [](IoRequest* request) {
      static_cast<IoAwait*>(request->owner)->awaiting_.resume();
    };
  }
  IoAwait(const IoAwait&) = delete;
  IoAwait& operator=(const IoAwait&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    awaiting_ = awaiting;
    channel_.Submit(&request_);
  }
  int await_resume() const { return request_.result; }

 private:
  Channel& channel_;
  IoRequest request_;
  std::coroutine_handle<> awaiting_;
};

}  // namespace ashlar
