#include "cpp/device/device_totals.h"

namespace ashlar {

void ChannelCounters::Count(const IoRequest& request) {
  switch (request.op) {
    case IoRequest::Op::kRead:
      Add(reads_, 1);
      Add(bytes_read_, request.length_bytes);
      return;
    case IoRequest::Op::kWrite:
      Add(writes_, 1);
      Add(bytes_written_, request.length_bytes);
      return;
    case IoRequest::Op::kFlush:
      Add(flushes_, 1);
      return;
    case IoRequest::Op::kDiscard:
      return;
  }
}

void ChannelCounters::AddTo(DeviceCounters* totals) const {
  totals->reads += reads_.load(std::memory_order_relaxed);
  totals->writes += writes_.load(std::memory_order_relaxed);
  totals->flushes += flushes_.load(std::memory_order_relaxed);
  totals->bytes_read += bytes_read_.load(std::memory_order_relaxed);
  totals->bytes_written += bytes_written_.load(std::memory_order_relaxed);
}

void DeviceTotals::Attach(const ChannelCounters* channel) {
  std::lock_guard<std::mutex> lock(mutex_);
  channels_.push_back(channel);
}

void DeviceTotals::Detach(const ChannelCounters* channel) {
  std::lock_guard<std::mutex> lock(mutex_);
  channel->AddTo(&closed_channels_);
  std::erase(channels_, channel);
}

void DeviceTotals::CountInlineRead(uint32_t length_bytes) {
  static std::atomic<size_t> next_stripe{0};
  static thread_local const size_t mine =
      next_stripe.fetch_add(1, std::memory_order_relaxed) % kStripes;
  inline_stripes_[mine].reads.fetch_add(1, std::memory_order_relaxed);
  inline_stripes_[mine].bytes_read.fetch_add(length_bytes, std::memory_order_relaxed);
}

DeviceCounters DeviceTotals::Sum() const {
  std::lock_guard<std::mutex> lock(mutex_);
  DeviceCounters totals = closed_channels_;
  for (const ChannelCounters* channel : channels_) {
    channel->AddTo(&totals);
  }
  for (const Stripe& stripe : inline_stripes_) {
    totals.reads += stripe.reads.load(std::memory_order_relaxed);
    totals.bytes_read += stripe.bytes_read.load(std::memory_order_relaxed);
  }
  totals.writes += inline_writes_.load(std::memory_order_relaxed);
  totals.bytes_written += inline_bytes_written_.load(std::memory_order_relaxed);
  totals.flushes += inline_flushes_.load(std::memory_order_relaxed);
  return totals;
}

}  // namespace ashlar
