#include "cpp/chunk/store_table.h"

#include <utility>

#include "cpp/runtime/reader_gate.h"

namespace ashlar {

Result<uint64_t> StoreTable::Reserve() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].reserved) continue;
    entries_[i].reserved = true;
    return next_count_++ * OpReactor::kMaxStores + i;
  }
  return Status::OutOfMemory(std::to_string(entries_.size()) +
                             " stores are open, which is the most; close one first");
}

void StoreTable::Publish(uint64_t number, std::shared_ptr<Store> store, StoreCore* core) {
  std::lock_guard<std::mutex> lock(mutex_);
  Entry& entry = EntryOf(number);
  entry.store = std::move(store);
  entry.number.store(number, std::memory_order_relaxed);
  entry.core.store(core, std::memory_order_seq_cst);
}

void StoreTable::Remove(uint64_t number) {
  std::shared_ptr<Store> store;  // let go outside the lock
  {
    std::lock_guard<std::mutex> lock(mutex_);
    Entry& entry = EntryOf(number);
    if (entry.store != nullptr && entry.number.load(std::memory_order_relaxed) != number) return;
    entry.core.store(nullptr, std::memory_order_seq_cst);
    store = std::move(entry.store);
  }
  ReaderGate::WaitForReaders();
  std::lock_guard<std::mutex> lock(mutex_);
  EntryOf(number).reserved = false;
}

std::shared_ptr<Store> StoreTable::Find(uint64_t number) {
  std::lock_guard<std::mutex> lock(mutex_);
  Entry& entry = EntryOf(number);
  return entry.number.load(std::memory_order_relaxed) == number ? entry.store : nullptr;
}

std::vector<std::shared_ptr<Store>> StoreTable::All() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::shared_ptr<Store>> all;
  for (const Entry& entry : entries_) {
    if (entry.store != nullptr) all.push_back(entry.store);
  }
  return all;
}

StoreTable& OpenStores() {
  // Never destroyed: threads of the JVM may look up stores while the process exits.
  static auto* table = new StoreTable();
  return *table;
}

}  // namespace ashlar
