// The calling thread as SPDK sees it: an spdk_thread, made for its first channel and ended with its
// last, so a reactor without bdevs is no business of SPDK's and may sleep.
#pragma once

#include <memory>

#include "ashlar/status.h"
#include "cpp/device/spdk/process_exit.h"

struct spdk_thread;

namespace ashlar::spdk {

// Held by each channel; one for all channels of a thread. Acquired, used and released on it.
class IoThread {
 public:
  static Result<std::shared_ptr<IoThread>> Acquire();
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Lets SPDK run what is due on this thread.
  void Poll();

 private:
  explicit IoThread(spdk_thread* thread) : thread_(thread) {}

  spdk_thread* const thread_;
  const Parked::Thread parked_;
};

}  // namespace ashlar::spdk
