// Plays the Java side of the rings (cpp/runtime/port_layout.h) with the accesses that Java makes:
// fetch-and-add, volatile stores and loads.
//
// Threads: any may submit, one drains.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

#include "cpp/base/check.h"
#include "cpp/runtime/port_layout.h"

namespace ashlar {

class JavaSide {
 public:
  struct Wiring {
    uint8_t* memory = nullptr;  // the shared memory
    uint32_t reactors = 0;
    uint64_t capacity = 0;
    std::function<void(uint32_t reactor)> wake;
    std::function<void(int timeout_ms)> await;
  };

  explicit JavaSide(Wiring wiring) : wiring_(std::move(wiring)) {}

  void Submit(uint32_t reactor, uint32_t slot) {
    uint8_t* port = PortOf(reactor);
    const uint64_t place = Atomic<uint64_t>(port + PortLayout::kSubmitTail).fetch_add(1);
    Atomic<uint32_t>(port + PortLayout::kSubmitEntries + Index(place) * 4).store(slot + 1);
    if (Atomic<uint32_t>(port + PortLayout::kReactorAsleep).load() != 0) {
      wiring_.wake(reactor);
      ++wakes_;
    }
  }

  // Whether a submission would have to wake the reactor.
  bool IsAsleep(uint32_t reactor) {
    return Atomic<uint32_t>(PortOf(reactor) + PortLayout::kReactorAsleep).load() != 0;
  }

  // Calls take(slot) for each completion published by now; returns how many.
  template <typename Take>
  int Drain(Take take) {
    int drained = 0;
    for (uint32_t r = 0; r < wiring_.reactors; ++r) {
      uint8_t* port = PortOf(r);
      auto head = Atomic<uint64_t>(port + PortLayout::kCompletionHead);
      const uint64_t tail = Atomic<uint64_t>(port + PortLayout::kCompletionTail).load();
      const uint64_t entries = PortLayout::CompletionEntries(wiring_.capacity);
      // `take` may drain too, which moves the head on.
      while (head.load(std::memory_order_relaxed) < tail) {
        const uint64_t at = head.load(std::memory_order_relaxed);
        const uint32_t slot =
            Atomic<uint32_t>(port + entries + Index(at) * 4).load(std::memory_order_relaxed);
        head.store(at + 1, std::memory_order_relaxed);
        ++drained;
        take(slot);
      }
    }
    return drained;
  }

  // Drains, or sleeps until there is something to drain. A wake-up that was missed ends the test.
  template <typename Take>
  void DrainOrWait(Take take) {
    if (Drain(take) > 0) return;
    Atomic<uint32_t>(wiring_.memory + PortLayout::kDrainerWaiting).store(1);
    if (Drain(take) > 0) return;
    const auto start = std::chrono::steady_clock::now();
    wiring_.await(kTimeoutMs);
    ASHLAR_CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(kTimeoutMs));
  }

  int wakes() const { return wakes_; }

 private:
  static constexpr int kTimeoutMs = 30'000;

  template <typename T>
  static std::atomic_ref<T> Atomic(void* at) {
    return std::atomic_ref<T>(*static_cast<T*>(at));
  }
  uint8_t* PortOf(uint32_t reactor) const {
    return wiring_.memory + PortLayout::kControlBytes +
           reactor * PortLayout::PortBytes(wiring_.capacity);
  }
  uint64_t Index(uint64_t place) const { return place & (wiring_.capacity - 1); }

  const Wiring wiring_;
  std::atomic<int> wakes_{0};
};

}  // namespace ashlar
