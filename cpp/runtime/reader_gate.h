// Lets any thread use, for a short time and without a lock, an object that its owner may want to
// take away: readers pass through the gate; the owner unpublishes the object, waits until every
// reader who may have seen it has left, and frees it.
//
// A reader enters BEFORE it loads the pointer, and all of the entering, the loads and the owner's
// clearing of the pointer are sequentially consistent. So a stripe that the owner sees empty after
// clearing holds no reader of the old pointer: whoever enters later loads the cleared one.
//
// One gate serves the whole process. Its counters are spread over stripes, one cache line each, so
// that readers on different threads do not share a line.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ashlar {

class ReaderGate {
 public:
  static constexpr size_t kStripes = 64;

  // Held while the reader uses the object. Never across a wait for another thread.
  class Pass {
   public:
    Pass() : count_(stripes_[StripeOfThread()].readers) {
      count_.fetch_add(1, std::memory_order_seq_cst);
    }
    ~Pass() { count_.fetch_sub(1, std::memory_order_release); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    std::atomic<uint32_t>& count_;
  };

  // What an owner remembers between two looks at the gate.
  class Grace {
   public:
    // True once every reader that was inside when this Grace was made has left. Never waits.
    bool Over();

   private:
    uint64_t pending_stripes_ = ~uint64_t{0};
    static_assert(kStripes == 64);
  };

  // Waits for them. Not while holding a Pass.
  static void WaitForReaders();

 private:
  struct alignas(64) Stripe {
    std::atomic<uint32_t> readers{0};
  };

  static size_t StripeOfThread() {
    static thread_local const size_t stripe =
        next_stripe_.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return stripe;
  }

  static std::array<Stripe, kStripes> stripes_;
  static std::atomic<size_t> next_stripe_;
};

}  // namespace ashlar
