// Something that a reactor does once and other threads wait for.
#pragma once

#include <condition_variable>
#include <mutex>

namespace ashlar {

class Event {
 public:
  // Any thread. Holds the lock for no longer than it takes to say so: a reactor may call it.
  void Set() {
    std::lock_guard<std::mutex> lock(mutex_);
    is_set_ = true;
    changed_.notify_all();
  }

  // Whoever has learned from these that it is set may destroy the event: they take the lock, so
  // Set() has let go of it.
  bool IsSet() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return is_set_;
  }
  // Not on a reactor.
  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return is_set_; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

}  // namespace ashlar
