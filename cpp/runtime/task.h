// Task<T>: a coroutine for control paths (open, format, create, resize, sync). The hot path uses
// caller-owned state machines instead and allocates nothing.
//
// A task starts when it is awaited, or when it is handed to Spawn or BlockOn, and stays on the
// reactor it was started on. Destroying a task that was never awaited is fine; destroying one that
// is suspended in I/O is not.
//
// Rule for users of gcc 12: bind what you pass into an awaited call to named locals first.
// Temporaries with destructors inside a co_await expression are destroyed twice by that compiler.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <mutex>
#include <optional>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

template <typename T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::coroutine_handle<> awaiting;

    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Resume {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(
            std::coroutine_handle<promise_type> finished) noexcept {
          std::coroutine_handle<> next = finished.promise().awaiting;
          return next ? next : std::noop_coroutine();
        }
        void await_resume() noexcept {}
      };
      return Resume{};
    }
    void return_value(T result) { value.emplace(std::move(result)); }
    void unhandled_exception() noexcept { ASHLAR_CHECK(false); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().awaiting = awaiting;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().value); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

namespace internal {

// A coroutine that nobody awaits: it starts at once and frees its own frame at the end.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { ASHLAR_CHECK(false); }
  };
};

template <typename T, typename Done>
Detached RunDetached(Task<T> task, Done done) {
  T result = co_await task;
  done(std::move(result));
}

}  // namespace internal

// Starts `task` on the calling reactor thread; `done(T)` runs there when it has finished.
template <typename T, typename Done>
void Spawn(Task<T> task, Done done) {
  internal::RunDetached(std::move(task), std::move(done));
}

// Runs the task that `make` returns on `reactor` and waits for it in the calling thread, which must
// not be a reactor. `make` is called on the reactor's thread.
template <typename Make>
auto BlockOn(Reactor& reactor, Make make) {
  using T = decltype(make().await_resume());
  struct Call : Message {
    explicit Call(Make make_task) : make(std::move(make_task)) {}
    Make make;
    std::mutex mutex;
    std::condition_variable finished;
    std::optional<T> result;
  };
  ASHLAR_CHECK(Reactor::Current() == nullptr);
  Call call(std::move(make));
  call.run = [](Message* message) {
    auto* self = static_cast<Call*>(message);
    Spawn(self->make(), [self](T result) {
      // Notified under the lock: the waiter may destroy the call as soon as it can take it.
      std::lock_guard<std::mutex> lock(self->mutex);
      self->result.emplace(std::move(result));
      self->finished.notify_one();
    });
  };
  reactor.Post(&call);
  std::unique_lock<std::mutex> lock(call.mutex);
  call.finished.wait(lock, [&] { return call.result.has_value(); });
  return std::move(*call.result);
}

}  // namespace ashlar
