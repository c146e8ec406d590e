// Who does I/O as SPDK sees it: an spdk_thread.
//
// A reactor's is made for its first channel and ended with its last, so a reactor without bdevs is
// no business of SPDK's and may sleep. A shared one belongs to one channel and is whatever thread
// uses that at the moment.
#pragma once

#include <memory>
#include <optional>

#include "ashlar/status.h"
#include "cpp/device/spdk/process_exit.h"

struct spdk_thread;

namespace ashlar::spdk {

// Held by each channel.
class IoThread {
 public:
  // The calling thread's, one for all of its channels. Acquired, used and released on it.
  static Result<std::shared_ptr<IoThread>> Acquire();
  // Any thread may use and release it, one at a time.
  static Result<std::shared_ptr<IoThread>> MakeShared();
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // The calling thread is this one for SPDK as long as it lives; they nest.
  class Use {
   public:
    explicit Use(const IoThread& thread);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    const bool shared_;
    spdk_thread* before_ = nullptr;
  };

  // Lets SPDK run what is due on this thread, which is in use.
  void Poll();

 private:
  IoThread(spdk_thread* thread, bool shared);
  static Result<std::shared_ptr<IoThread>> Make(bool shared);

  spdk_thread* const thread_;
  std::optional<Parked::Thread> parked_;  // none if it is shared
};

}  // namespace ashlar::spdk
