// Tasks that must not run side by side, in the threads of those who bring them: whoever comes first
// runs his own, and then those that were brought meanwhile, whose owners need not wait.
//
// Threads: any.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace ashlar {

class Turns {
 public:
  // `task` has run when this returns, or will have when that of another thread does.
  void Run(std::function<void()> task) {
    std::unique_lock<std::mutex> lock(mutex_);
    tasks_.push_back(std::move(task));
    if (std::exchange(running_, true)) return;
    while (!tasks_.empty()) {
      const std::function<void()> next = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      next();
      lock.lock();
    }
    running_ = false;
  }

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
  bool running_ = false;
};

}  // namespace ashlar
