// The thread on which SPDK does what is no I/O: its app thread. DPDK is initialised on it, bdevs
// are made, opened and closed on it, and rpc is answered on it. It exists from the first start to
// the end of the process.
//
// It polls without a pause while somebody waits for it. Otherwise it sleeps until SPDK has
// something to do; or, where SPDK cannot tell, looks every few milliseconds.
//
// Threads: any but this one may call Run and Await.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ashlar/status.h"
#include "cpp/device/spdk/interrupt_mode.h"
#include "cpp/device/spdk/process_exit.h"

struct spdk_thread;

namespace ashlar::spdk {

class AppThread {
 public:
  // It never ends.
  static Result<AppThread*> Start();
  ~AppThread() = delete;
  AppThread(const AppThread&) = delete;
  AppThread& operator=(const AppThread&) = delete;

  // Runs the function there and waits for it.
  void Run(const std::function<void()>& function);

  // Runs it there some time; in the order of the calls of Run and Post by one thread.
  void Post(std::function<void()> function);

  // Runs `start` there and waits until SPDK has called back: `start` passes Done on with its
  // context.
  struct Waiter;
  int Await(const std::function<void(Waiter*)>& start);
  static void Done(Waiter* waiter, int result);

  // On this thread itself, once the environment is there: it becomes SPDK's app thread.
  Status BecomeSpdkThread();

  // On this thread itself: from now on it calls the function again and again while there is
  // Attention. Null: it does not.
  void SetService(std::function<void()> service) { service_ = std::move(service); }

  // As long as one exists the thread does not sleep for long.
  class Attention {
   public:
    explicit Attention(AppThread& thread);
    ~Attention();
    Attention(const Attention&) = delete;
    Attention& operator=(const Attention&) = delete;

   private:
    AppThread& thread_;
  };

 private:
  AppThread() = default;
  [[noreturn]] void Loop();
  bool RunPosted();
  void Sleep();
  bool SleepUntilSignalled();
  void Wait(long timeout_ns) const;
  void Wake() const;

  int wake_fd_ = -1;
  std::atomic<int> wanted_{0};
  spdk_thread* spdk_thread_ = nullptr;
  std::optional<InterruptMode> mode_;  // with it
  std::function<void()> service_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
};

}  // namespace ashlar::spdk
