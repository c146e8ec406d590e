// A mutual exclusion for coroutines of one reactor: waiting suspends the task, not the thread.
#pragma once

#include <coroutine>
#include <utility>

#include "cpp/base/check.h"

namespace ashlar {

// Taken in the order of the calls to Lock(). One thread only. Nobody may wait when it is destroyed.
class AsyncMutex {
 public:
  // Releases the mutex when it goes out of scope.
  class [[nodiscard]] Guard {
   public:
    explicit Guard(AsyncMutex* mutex) : mutex_(mutex) {}
    Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (mutex_ != nullptr) mutex_->Unlock();
    }

   private:
    AsyncMutex* mutex_;
  };

  AsyncMutex() = default;
  AsyncMutex(const AsyncMutex&) = delete;
  AsyncMutex& operator=(const AsyncMutex&) = delete;
  ~AsyncMutex() {
    ASHLAR_CHECK(first_ == nullptr);
    if (gone_ != nullptr) *gone_ = true;
  }

  // A place in the queue; lives in the frame of the coroutine that waits.
  struct Waiter {
    AsyncMutex* mutex;
    std::coroutine_handle<> handle = {};
    Waiter* next = nullptr;

    bool await_ready() noexcept {
      if (mutex->locked_) return false;
      mutex->locked_ = true;
      return true;
    }
    void await_suspend(std::coroutine_handle<> awaiting) noexcept {
      handle = awaiting;
      (mutex->first_ == nullptr ? mutex->first_ : mutex->last_->next) = this;
      mutex->last_ = this;
    }
    Guard await_resume() noexcept { return Guard(mutex); }
  };

  // AsyncMutex::Guard guard = co_await mutex.Lock();
  Waiter Lock() { return Waiter{this}; }

 private:
  // Ownership passes to the first waiter, which is resumed here. A waiter that unlocks before it
  // suspends again is continued by the loop, not by recursion: a long queue needs no deep stack.
  void Unlock() {
    if (first_ == nullptr) {
      locked_ = false;
      return;
    }
    resumable_ = std::exchange(first_, first_->next);
    if (gone_ != nullptr) return;  // a loop below us on the stack resumes it
    bool gone = false;
    gone_ = &gone;
    while (resumable_ != nullptr) {
      std::exchange(resumable_, nullptr)->handle.resume();
      if (gone) return;  // the last user destroyed the mutex
    }
    gone_ = nullptr;
  }

  bool locked_ = false;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  Waiter* resumable_ = nullptr;
  bool* gone_ = nullptr;  // set while a loop in Unlock runs
};

}  // namespace ashlar
