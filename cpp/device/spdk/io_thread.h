// Who does I/O as SPDK sees it: an spdk_thread.
//
// A reactor's is made for its first channel and ended with its last, so a reactor without bdevs is
// no business of SPDK's. A shared one belongs to one channel and is whatever thread uses that at
// the moment.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/status.h"
#include "cpp/device/spdk/interrupt_mode.h"
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
    const bool visits_;
    spdk_thread* before_ = nullptr;
  };

  // --- all of these: while it is in use ---

  // Lets SPDK run what is due on this thread.
  void Poll();

  // Around `open`, which opens a channel of the bdev: finds out whether the bdev lets the thread
  // sleep, and says so if not.
  template <typename Open>
  auto Watch(const std::string& bdev, Open open) {
    const bool could_sleep = CanSleep();
    const auto channel = open();
    if (channel != nullptr) Add(bdev, could_sleep && !CanSleep());
    return channel;
  }
  // The channel has been closed.
  void Forget(const std::string& bdev);

  // Each channel announces the sleep of its thread. From then on is_asleep() says whether wake_fd()
  // will tell when there is something to poll for; whatever else happens until AnnounceWake() makes
  // it readable too.
  void AnnounceSleep();
  void AnnounceWake();
  void Nudge();

  // --- any time ---

  bool announced() const { return announced_; }
  bool is_asleep() const { return mode_.entered(); }
  int max_sleep_ms() const;
  int wake_fd() const { return mode_.fd(); }
  void CountDone() { mode_.CountDone(); }

 private:
  struct Bdev {
    std::string name;
    bool keeps_awake;
  };

  IoThread(spdk_thread* thread, bool shared);
  static Result<std::shared_ptr<IoThread>> Make(bool shared);

  bool CanSleep();
  void Add(const std::string& bdev, bool keeps_awake);
  void SayKeptAwake();

  spdk_thread* const thread_;
  std::optional<Parked::Thread> parked_;  // none if it is shared
  InterruptMode mode_;
  InterruptMode::Outcome outcome_ = InterruptMode::Outcome::kKeptAwake;
  bool announced_ = false;
  std::vector<Bdev> bdevs_;  // one for each channel
};

}  // namespace ashlar::spdk
