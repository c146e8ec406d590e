// How a device counts its I/O without a shared cache line on the hot path: each channel counts for
// itself, the device adds up when asked.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "ashlar/device.h"
#include "cpp/device/io_request.h"

namespace ashlar {

// Written by one thread (the channel's), read by any.
class ChannelCounters {
 public:
  // Counts a request that completed without error.
  void Count(const IoRequest& request);
  void AddTo(DeviceCounters* totals) const;

 private:
  static void Add(std::atomic<uint64_t>& counter, uint64_t by) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  std::atomic<uint64_t> reads_{0};
  std::atomic<uint64_t> writes_{0};
  std::atomic<uint64_t> flushes_{0};
  std::atomic<uint64_t> bytes_read_{0};
  std::atomic<uint64_t> bytes_written_{0};
};

// Any thread. Outlives the channels.
class DeviceTotals {
 public:
  void Attach(const ChannelCounters* channel);
  void Detach(const ChannelCounters* channel);
  void CountInlineRead(uint32_t length_bytes);
  void CountInlineWrite(uint32_t length_bytes) {
    inline_writes_.fetch_add(1, std::memory_order_relaxed);
    inline_bytes_written_.fetch_add(length_bytes, std::memory_order_relaxed);
  }
  void CountInlineFlush() { inline_flushes_.fetch_add(1, std::memory_order_relaxed); }
  DeviceCounters Sum() const;

 private:
  // Inline reads come from any thread: each counts in a stripe of its own, or nearly so.
  static constexpr size_t kStripes = 32;
  struct alignas(64) Stripe {
    std::atomic<uint64_t> reads{0};
    std::atomic<uint64_t> bytes_read{0};
  };

  std::array<Stripe, kStripes> inline_stripes_;
  std::atomic<uint64_t> inline_writes_{0};
  std::atomic<uint64_t> inline_bytes_written_{0};
  std::atomic<uint64_t> inline_flushes_{0};
  mutable std::mutex mutex_;
  std::vector<const ChannelCounters*> channels_;
  DeviceCounters closed_channels_;
};

// A channel's counters, attached to its device for as long as they live.
class AttachedCounters {
 public:
  explicit AttachedCounters(DeviceTotals* totals) : totals_(totals) { totals_->Attach(&counters_); }
  ~AttachedCounters() { totals_->Detach(&counters_); }
  AttachedCounters(const AttachedCounters&) = delete;
  AttachedCounters& operator=(const AttachedCounters&) = delete;

  void Count(const IoRequest& request) { counters_.Count(request); }

 private:
  DeviceTotals* totals_;
  ChannelCounters counters_;
};

}  // namespace ashlar
