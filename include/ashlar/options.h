// Options of the runtime and of the store's native part, with their ranges and defaults.
#pragma once

#include <cstdint>

namespace ashlar {

enum class IdlePolicy : int32_t {
  kAdaptive = 0,   // spin for spin_ns, then sleep in the kernel
  kBusy = 1,       // never sleep: lowest latency, one core each
  kInterrupt = 2,  // sleep at once
};

struct RuntimeOptions {
  uint32_t reactors = 0;  // 1 to 64; 0: half the cores, at least 1, at most 4
  IdlePolicy idle_policy = IdlePolicy::kAdaptive;
  uint64_t spin_ns = 20'000;  // kAdaptive only; at most 1 s
};

struct StoreFormatOptions {
  uint32_t cluster_bytes = 1u << 20;  // a power of two, 64 KiB to 1 GiB; 0, for stores: 1 MiB,
                                      // and less on devices below 256 MiB
};

}  // namespace ashlar
