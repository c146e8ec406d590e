// A channel's requests from Submit to `done`: how many there are, and the end of each.
//
// Belongs to one channel and its thread.
#pragma once

#include <cstdint>

#include "cpp/base/check.h"
#include "cpp/device/device_totals.h"
#include "cpp/device/io_request.h"
#include "cpp/device/request_list.h"

namespace ashlar {

class OpenRequests {
 public:
  explicit OpenRequests(DeviceTotals* totals) : counters_(totals) {}
  ~OpenRequests() { ASHLAR_CHECK(count_ == 0); }
  OpenRequests(const OpenRequests&) = delete;
  OpenRequests& operator=(const OpenRequests&) = delete;

  // Begun and not ended.
  uint32_t count() const { return count_; }

  // In Submit().
  void Begin() { ++count_; }

  // Any time: `done` follows in CallDone().
  void Finish(IoRequest* request, int32_t result) {
    request->result = result;
    finished_.PushBack(request);
  }
  void Finish(RequestList& requests) { finished_.Append(requests); }

  // In Poll(); returns how many ended. Those that `done` submits and that fail at once are left for
  // the next one, so that a `done` that submits for ever does not keep us here.
  int CallDone() {
    RequestList batch;
    batch.Append(finished_);
    int ended = 0;
    while (IoRequest* request = batch.PopFront()) {
      End(request);
      ++ended;
    }
    return ended;
  }

  // In Poll(): one that has its result ends now.
  void End(IoRequest* request) {
    if (request->result == 0) counters_.Count(*request);
    --count_;
    request->done(request);
  }

 private:
  AttachedCounters counters_;
  RequestList finished_;
  uint32_t count_ = 0;
};

}  // namespace ashlar
