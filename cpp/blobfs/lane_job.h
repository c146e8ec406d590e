// I/O that another thread has done by a reactor: transfers side by side, then perhaps a flush.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "cpp/blobfs/blobfs.h"
#include "cpp/blobfs/event.h"
#include "cpp/device/device.h"
#include "cpp/device/io_request.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

using Lane = BlobFsParts::Lane;

// Filled, started once, and waited for by any threads but reactors. Lives until it has finished.
class LaneJob : private Message {
 public:
  LaneJob() = default;
  LaneJob(const LaneJob&) = delete;
  LaneJob& operator=(const LaneJob&) = delete;

  // Offsets, lengths and memory as the device wants them; the memory stays until the job has
  // finished.
  void AddRead(uint64_t device_offset, void* data, uint32_t length_bytes) {
    Add(IoRequest::Op::kRead, device_offset, data, length_bytes);
  }
  void AddWrite(uint64_t device_offset, void* data, uint32_t length_bytes) {
    Add(IoRequest::Op::kWrite, device_offset, data, length_bytes);
  }
  // Flushes the device once all transfers have succeeded.
  void ThenFlush() { flushes_ = true; }
  bool flushes() const { return flushes_; }
  bool empty() const { return requests_.empty() && !flushes_; }

  void Start(const Lane& lane);
  // Instead of Start: all of it in the calling thread, one after the other. Writes and a flush
  // only, on a device that does both inline.
  void RunHere(Device& device);

  bool finished() const { return finished_.IsSet(); }
  void Wait() { finished_.Wait(); }

  // When finished: 0 or a negative errno.
  int transfer_result() const { return transfer_result_; }
  int flush_result() const { return flush_result_; }
  // Of the transfer that was added as number `index`.
  int ResultOf(size_t index) const { return requests_[index].result; }

 private:
  void Add(IoRequest::Op op, uint64_t device_offset, void* data, uint32_t length_bytes);
  void SubmitAll();
  void OnTransferDone(const IoRequest& request);
  void SubmitFlushOrFinish();

  Channel* channel_ = nullptr;
  std::vector<IoRequest> requests_;
  IoRequest flush_;
  size_t in_flight_ = 0;
  bool flushes_ = false;
  int transfer_result_ = 0;
  int flush_result_ = 0;
  Event finished_;
};

}  // namespace ashlar
