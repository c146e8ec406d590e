// How reactors wake the one Java thread that drains completions.
//
// The drainer sets drainer_waiting to 1, looks at the rings once more, and only then waits here.
// Whoever publishes a completion afterwards finds the 1, swaps it for 0 and writes the eventfd, so
// that a thousand completions of a busy reactor cost one system call.
//
// As a poller it wakes the driven reactor in which the drainer sleeps.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "ashlar/status.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

class CompletionSignal final : public Poller {
 public:
  // `drainer_waiting` lies in the shared memory and outlives the signal.
  static Result<std::unique_ptr<CompletionSignal>> Create(uint32_t* drainer_waiting);
  ~CompletionSignal() override;
  CompletionSignal(const CompletionSignal&) = delete;
  CompletionSignal& operator=(const CompletionSignal&) = delete;

  // After a completion was published with a sequentially consistent store.
  void Published() {
    if (waiting_.load(std::memory_order_seq_cst) != 0 &&
        waiting_.exchange(0, std::memory_order_seq_cst) != 0) {
      Interrupt();
    }
  }

  // Ends a wait, the present one or the next. Any thread.
  void Interrupt();

  int Poll() override { return 0; }
  int wake_fd() const override { return fd_; }
  void AnnounceWake() override;

 private:
  CompletionSignal(uint32_t* drainer_waiting, int fd) : waiting_(*drainer_waiting), fd_(fd) {}

  std::atomic_ref<uint32_t> waiting_;
  int fd_;
};

}  // namespace ashlar
