// The open stores of the process by their numbers.
//
// A number is the place in the table and a count that never repeats, so a stale number finds
// nothing. Readers on any thread look up without a lock, inside the ReaderGate; Remove() waits for
// them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "ashlar/status.h"
#include "ashlar/store.h"
#include "cpp/chunk/op_reactor.h"

namespace ashlar {

class StoreTable {
 public:
  // Finds a free place; its number. OutOfMemory: all places are taken.
  Result<uint64_t> Reserve();
  // Makes the store findable; the table keeps it alive until Remove().
  void Publish(uint64_t number, std::shared_ptr<Store> store, StoreCore* core);
  // Nobody finds or uses the core through Pinned() after this. Any number may be given.
  void Remove(uint64_t number);

  std::shared_ptr<Store> Find(uint64_t number);
  std::vector<std::shared_ptr<Store>> All();

  // Null when the number is stale. The caller is inside the ReaderGate and stays there while it
  // uses the core.
  StoreCore* Pinned(uint64_t number) {
    Entry& entry = EntryOf(number);
    StoreCore* core = entry.core.load(std::memory_order_seq_cst);
    return core != nullptr && entry.number.load(std::memory_order_relaxed) == number ? core
                                                                                     : nullptr;
  }

 private:
  struct Entry {
    std::atomic<uint64_t> number{0};
    std::atomic<StoreCore*> core{nullptr};
    std::shared_ptr<Store> store;
    bool reserved = false;
  };
  Entry& EntryOf(uint64_t number) { return entries_[number % OpReactor::kMaxStores]; }

  std::mutex mutex_;
  std::array<Entry, OpReactor::kMaxStores> entries_;
  uint64_t next_count_ = 1;
};

// The one of this process.
StoreTable& OpenStores();

}  // namespace ashlar
