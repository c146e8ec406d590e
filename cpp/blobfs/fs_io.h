// Reads and writes at device offsets, from any thread: in the calling thread where the device can,
// else by a reactor.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ashlar/status.h"
#include "cpp/blobfs/lane_job.h"
#include "cpp/device/device.h"

namespace ashlar {

// One contiguous piece of a read. Any offset, length and memory.
struct ReadPiece {
  uint64_t device_offset = 0;
  uint8_t* into = nullptr;
  uint64_t length_bytes = 0;
  int result = 0;  // answer: 0 or a negative errno
};

class FsIo {
 public:
  FsIo(Device& device, std::vector<Lane> lanes);

  const DeviceInfo& info() const { return info_; }
  DeviceCounters counters() const { return device_.counters(); }

  // Whether ReadHere works; then it never waits for another thread.
  bool reads_here() const { return reads_here_; }
  // Whether several reads are better given to a queue than done one by one.
  bool queues_pay() const { return memory_ == nullptr && queues_pay_; }

  // Whether a sync is best written and flushed by the thread that waits for it.
  bool syncs_here() const { return syncs_here_; }
  // Starts the job, or does it in the calling thread if that is allowed and better.
  void Run(LaneJob& job, const Lane& lane, bool here) const;

  // In the calling thread.
  void ReadHere(ReadPiece& piece) const;
  // All at once on a lane; waits. Not on a reactor.
  void ReadByLane(std::span<ReadPiece> pieces) const;

  // One after the other in turn, so that files spread over the lanes.
  const Lane& NextLane() const {
    return lanes_[next_lane_.fetch_add(1, std::memory_order_relaxed) % lanes_.size()];
  }

 private:
  struct Range {
    uint64_t begin;
    uint64_t end;
  };
  Range SectorsOf(const ReadPiece& piece) const;
  bool IsAligned(const ReadPiece& piece) const;
  void ReadBatch(std::span<ReadPiece*> batch, uint64_t bounce_bytes) const;

  Device& device_;
  const DeviceInfo info_;
  const uint8_t* const memory_;  // the device's content, or null
  // Asked for once: handles outlive the device.
  const bool reads_here_;
  const bool queues_pay_;
  const bool syncs_here_;
  const std::vector<Lane> lanes_;
  mutable std::atomic<size_t> next_lane_{0};
};

}  // namespace ashlar
