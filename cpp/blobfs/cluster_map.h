// Where the bytes of a growing blob lie on the device, for readers that take no lock.
//
// One thread at a time changes the map. Readers see a count and, behind it, entries that were there
// before the count said so. Tables that became too small are kept until the end, because a reader
// may still look at one; they are no more than the last one together.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cpp/base/units.h"

namespace ashlar {

class ClusterMap {
 public:
  explicit ClusterMap(uint64_t cluster_bytes) : cluster_bytes_(cluster_bytes) {}

  struct Extent {
    uint64_t device_offset = 0;
    uint64_t length_bytes = 0;  // 0: behind the end
  };

  // What lies together on the device from `position` on, at most `length_bytes` of it.
  Extent Find(uint64_t position, uint64_t length_bytes) const {
    const uint64_t count = count_.load(std::memory_order_acquire);
    const std::atomic<uint64_t>* table = table_.load(std::memory_order_acquire);
    uint64_t index = position / cluster_bytes_;
    if (index >= count) return {};
    const uint64_t in_cluster = position % cluster_bytes_;
    const uint64_t first = table[index].load(std::memory_order_seq_cst);
    uint64_t length = cluster_bytes_ - in_cluster;
    while (length < length_bytes && ++index < count &&
           table[index].load(std::memory_order_seq_cst) == first + in_cluster + length) {
      length += cluster_bytes_;
    }
    return {first + in_cluster, std::min(length, length_bytes)};
  }

  uint64_t count() const { return count_.load(std::memory_order_acquire); }
  uint64_t bytes() const { return count() * cluster_bytes_; }
  uint64_t cluster_bytes() const { return cluster_bytes_; }

  // Adds clusters at the end, by their device offsets.
  void Append(std::span<const uint64_t> device_offsets) {
    const uint64_t count = count_.load(std::memory_order_relaxed);
    const uint64_t wanted = count + device_offsets.size();
    if (wanted > capacity_) Enlarge(std::max(wanted, 2 * capacity_));
    std::atomic<uint64_t>* table = table_.load(std::memory_order_relaxed);
    for (size_t i = 0; i < device_offsets.size(); ++i) {
      table[count + i].store(device_offsets[i], std::memory_order_relaxed);
    }
    count_.store(wanted, std::memory_order_release);
  }

  // Cluster number `index` lies elsewhere. Its content there is the same for those who do not wait
  // for this, and whoever gives the old place away waits for readers first.
  void Move(uint64_t index, uint64_t device_offset) {
    table_.load(std::memory_order_relaxed)[index].store(device_offset, std::memory_order_seq_cst);
  }

  // Forgets those from `count` on. Whoever gives the clusters away waits for readers first.
  void Cut(uint64_t count) { count_.store(count, std::memory_order_seq_cst); }

 private:
  void Enlarge(uint64_t capacity) {
    auto table = std::make_unique<std::atomic<uint64_t>[]>(capacity);
    const std::atomic<uint64_t>* old = table_.load(std::memory_order_relaxed);
    for (uint64_t i = 0; i < count_.load(std::memory_order_relaxed); ++i) {
      table[i].store(old[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    table_.store(table.get(), std::memory_order_release);
    tables_.push_back(std::move(table));
    capacity_ = capacity;
  }

  const uint64_t cluster_bytes_;
  std::atomic<uint64_t> count_{0};
  std::atomic<std::atomic<uint64_t>*> table_{nullptr};
  uint64_t capacity_ = 0;
  std::vector<std::unique_ptr<std::atomic<uint64_t>[]>> tables_;
};

}  // namespace ashlar
