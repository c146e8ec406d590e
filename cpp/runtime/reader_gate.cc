#include "cpp/runtime/reader_gate.h"

#include <sched.h>

#include <bit>

namespace ashlar {

std::array<ReaderGate::Stripe, ReaderGate::kStripes> ReaderGate::stripes_;
std::atomic<size_t> ReaderGate::next_stripe_{0};

bool ReaderGate::Grace::Over() {
  for (uint64_t rest = pending_stripes_; rest != 0; rest &= rest - 1) {
    const auto stripe = static_cast<size_t>(std::countr_zero(rest));
    if (stripes_[stripe].readers.load(std::memory_order_seq_cst) == 0) {
      pending_stripes_ &= ~(uint64_t{1} << stripe);
    }
  }
  return pending_stripes_ == 0;
}

void ReaderGate::WaitForReaders() {
  Grace grace;
  while (!grace.Over()) sched_yield();
}

}  // namespace ashlar
