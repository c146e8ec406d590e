// The thread on which SPDK does what is no I/O: its app thread. DPDK is initialised on it, bdevs
// are made, opened and closed on it, and rpc is answered on it. It exists from the first start to
// the end of the process.
//
// It polls without a pause while somebody waits for it, and otherwise looks every few milliseconds
// whether SPDK has something to do.
//
// Threads: any but this one may call Run and Await.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "ashlar/status.h"

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
  void Sleep() const;
  void Wake() const;

  int wake_fd_ = -1;
  std::atomic<int> wanted_{0};
  spdk_thread* spdk_thread_ = nullptr;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
};

}  // namespace ashlar::spdk
