// How SPDK runs in this process, where the build has it (CMake option ASHLAR_SPDK).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ashlar {

// What concerns DPDK's environment (all but `config`) holds until the process ends: DPDK cannot be
// initialised twice. The bdevs come and go with their users.
struct SpdkOptions {
  // SPDK's JSON configuration, as its save_config writes it: the text, not a path. Empty: none, so
  // that bdevs are made by rpc.
  std::string config;
  // The cores that reactors run on, one each and in turn: "0x3", or "[0,2-3]". Empty: reactors run
  // where the kernel puts them.
  std::string core_mask;
  // DMA memory taken at once. 0: with huge pages it grows as needed, without them 512. SPDK itself
  // needs about 200 MiB of it, malloc bdevs their size.
  uint32_t memory_mib = 0;
  // Without huge pages there is no DMA, so no NVMe drive of this machine; malloc, aio and uring
  // bdevs work.
  bool huge_pages = true;
  // A hugetlbfs to take huge pages from. Empty: the first one mounted, or none at all.
  std::string huge_dir;
  // Whether bdevs that can may wake a reactor that sleeps (SPDK's interrupt mode); others are
  // polled in any case. None: true before SPDK 25.01. From then on SPDK drives NVMe otherwise where
  // this is true: each completion raises an interrupt, and NVMe-oF is refused; so it is false
  // unless chosen.
  std::optional<bool> interrupts;

  bool operator==(const SpdkOptions&) const = default;
};

// The answer to a call of one of SPDK's own rpc methods.
struct SpdkReply {
  int error_code = 0;  // 0: it succeeded; else of JSON-RPC, or the negative of an errno
  std::string text;    // the result as JSON, or the message of the error
};

}  // namespace ashlar
