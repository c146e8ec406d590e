// Compares what two pieces of work cost, for tests of the kind "at most twice as much".
//
// Time is no measure on a machine that others use too, so three things keep such a test quiet: only
// CPU time of the own thread counts, the two take turns, and of each the best turn counts. A pair
// that fits the ratio is found soon; one that does not takes all the turns.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace ashlar {

inline uint64_t ThreadCpuNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

struct Costs {
  uint64_t base_ns;
  uint64_t other_ns;
};

// Runs both until `other` costs at most `ratio` times what `base` does, at most 200 times.
template <typename Base, typename Other>
Costs CompareCosts(uint64_t ratio, Base base, Other other) {
  const auto cost = [](auto& work) {
    const uint64_t start_ns = ThreadCpuNs();
    work();
    return ThreadCpuNs() - start_ns;
  };
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  Costs best{kMost, kMost};
  for (int turn = 0; turn < 200; ++turn) {
    best.base_ns = std::min(best.base_ns, cost(base));
    best.other_ns = std::min(best.other_ns, cost(other));
    if (turn >= 8 && best.other_ns <= ratio * best.base_ns) break;
  }
  return best;
}

}  // namespace ashlar
