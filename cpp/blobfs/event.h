// Something that a reactor does once and other threads wait for.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace ashlar {

class Event {
 public:
  // Any thread. Holds the lock for no longer than it takes to say so: a reactor may call it.
  void Set() {
    std::lock_guard<std::mutex> lock(mutex_);
    is_set_.store(true, std::memory_order_release);
    changed_.notify_all();
  }

  bool IsSet() const { return is_set_.load(std::memory_order_acquire); }

  // Not on a reactor. The event may be destroyed when the last Wait has returned: whoever set it
  // has let go of the lock by then.
  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return is_set_.load(std::memory_order_relaxed); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> is_set_{false};
};

}  // namespace ashlar
