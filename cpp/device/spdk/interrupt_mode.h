// SPDK's interrupt mode, for an SPDK thread whose owner wants to sleep.
//
// A thread is polled as long as its owner is awake. Before he sleeps it enters interrupt mode: then
// its descriptor becomes readable when a completion, a message or a timer is there for it. When he
// wakes it is polled again. What cannot signal keeps the thread awake: SPDK's pollers that know no
// interrupts have a descriptor that is always readable. Which these are is found by looking.
//
// Threads: the one that uses the SPDK thread, with that set as its current one. Nudge: any.
#pragma once

#include <cstdint>

#include "cpp/device/unique_fd.h"

struct spdk_thread;

namespace ashlar::spdk {

class InterruptMode {
 public:
  // Whether this kernel has what it takes.
  static bool IsSupported();
  // For the whole process, once, before SPDK's thread library is initialised.
  static bool Enable();
  static bool IsEnabled();

  // The thread, which is new, is polled from here on. It outlives this.
  explicit InterruptMode(spdk_thread* thread);
  InterruptMode(const InterruptMode&) = delete;
  InterruptMode& operator=(const InterruptMode&) = delete;

  enum class Outcome {
    kEntered,   // wait for fd()
    kAgain,     // there was something to do, or to clear away: poll, then try again
    kKeptAwake  // something on this thread cannot signal, or the mode is not enabled
  };
  Outcome Enter();
  // Tells again what keeps the thread awake, if it is in poll mode; kEntered: nothing does.
  Outcome Probe();
  // Back to poll mode, if it was entered.
  void Leave();
  bool entered() const { return entered_; }

  // Readable when there is something to do, from Enter to Leave only; -1: never.
  int fd() const { return gate_.get(); }

  // Makes fd() readable, if it was entered.
  void Nudge();

  // I/O of this thread was completed: what has been signalled was not for nothing.
  void CountDone() { ++done_; }

 private:
  bool Look();
  bool Switch();
  bool Drain();
  bool TimerIsDue() const;
  bool ExcuseAccel();
  Outcome Judge();
  Outcome Wait();

  spdk_thread* const thread_;
  UniqueFd gate_;  // an epoll of the thread's own descriptor, which is in it while it is entered
  bool entered_ = false;
  bool switching_ = false;
  bool switched_ = false;
  uint64_t retry_at_ns_ = 0;  // it is kept awake, and tried again then; 0: it is not
  uint64_t done_ = 0;
  uint64_t done_when_quiet_ = 0;
  bool excused_ = false;
  uint64_t fruitless_ = 0;  // looks since then that found a signal and no I/O
};

}  // namespace ashlar::spdk
