// Hop: lets a coroutine of one reactor run a function on another and go on where it was.
#pragma once

#include <coroutine>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

// A named local of the coroutine (see the rule in task.h):
//   Hop hop(other_reactor, [&] { ... });  co_await hop;
template <typename Function>
class Hop : private Message {
 public:
  Hop(Reactor& target, Function function) : target_(target), function_(std::move(function)) {}
  Hop(const Hop&) = delete;
  Hop& operator=(const Hop&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    awaiting_ = awaiting;
    home_ = Reactor::Current();
    ASHLAR_CHECK(home_ != nullptr);
    run = [](Message* message) {
      auto* self = static_cast<Hop*>(message);
      self->function_();
      self->run = [](Message* back) { static_cast<Hop*>(back)->awaiting_.resume(); };
      self->home_->Post(self);
    };
    target_.Post(this);
  }
  void await_resume() const noexcept {}

 private:
  Reactor& target_;
  Reactor* home_ = nullptr;
  Function function_;
  std::coroutine_handle<> awaiting_;
};

}  // namespace ashlar
