#include "cpp/device/spdk/app_thread.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <ctime>
#include <utility>

#include "cpp/device/spdk/compat.h"
#include "cpp/device/spdk/process_exit.h"

namespace ashlar::spdk {

namespace {

constexpr long kAttentiveNs = 50'000;
constexpr long kBusyNs = 1'000'000;   // SPDK has pollers here that want to run all the time
constexpr long kIdleNs = 10'000'000;  // SPDK's own messages and timers wait so long
constexpr long kForEver = -1;

}  // namespace

struct AppThread::Waiter {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  int result = 0;

  int Wait() {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return done; });
    return result;
  }
};

Result<AppThread*> AppThread::Start() {
  auto* self = new AppThread();
  self->wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (self->wake_fd_ < 0) return Status::FromErrno(errno, "eventfd for SPDK's thread");
  pthread_t thread;
  const int failure = pthread_create(
      &thread, nullptr, [](void* that) -> void* { static_cast<AppThread*>(that)->Loop(); }, self);
  if (failure != 0) return Status::FromErrno(failure, "SPDK's thread");
  pthread_setname_np(thread, "ashlar-spdk");
  pthread_detach(thread);
  return self;
}

void AppThread::Loop() {
  const Parked::Thread parked;
  while (true) {
    parked.StopIfExiting();
    const bool ran = RunPosted();
    if (service_ && wanted_.load(std::memory_order_relaxed) > 0) service_();
    const bool polled = spdk_thread_ != nullptr && spdk_thread_poll(spdk_thread_, 0, 0) > 0;
    if (!ran && !polled) Sleep();
  }
}

bool AppThread::RunPosted() {
  std::vector<std::function<void()>> functions;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    functions.swap(posted_);
  }
  for (const auto& function : functions) function();
  return !functions.empty();
}

void AppThread::Sleep() {
  if (wanted_.load(std::memory_order_relaxed) > 0) return Wait(kAttentiveNs);
  if (SleepUntilSignalled()) return;
  const bool active = spdk_thread_ != nullptr && spdk_thread_has_active_pollers(spdk_thread_) != 0;
  Wait(active ? kBusyNs : kIdleNs);
}

// Whether it need not sleep any more.
bool AppThread::SleepUntilSignalled() {
  if (!mode_) return false;
  switch (mode_->Enter()) {
    case InterruptMode::Outcome::kKeptAwake:
      return false;
    case InterruptMode::Outcome::kAgain:
      return true;
    case InterruptMode::Outcome::kEntered:
      break;
  }
  Parked::Thread::Asleep();
  Wait(kForEver);
  Parked::EnterOrStop();
  mode_->Leave();
  Parked::Thread::Awake();
  Parked::Leave();
  return true;
}

void AppThread::Wait(long timeout_ns) const {
  pollfd events[] = {{.fd = wake_fd_, .events = POLLIN, .revents = 0},
                     {.fd = mode_ ? mode_->fd() : -1, .events = POLLIN, .revents = 0}};
  const timespec timeout{.tv_sec = 0, .tv_nsec = timeout_ns};
  ppoll(events, 2, timeout_ns == kForEver ? nullptr : &timeout, nullptr);
  if (events[0].revents != 0) {
    uint64_t count;
    [[maybe_unused]] const ssize_t drained = read(wake_fd_, &count, sizeof(count));
  }
}

void AppThread::Wake() const {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
}

void AppThread::Post(std::function<void()> function) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    posted_.push_back(std::move(function));
  }
  Wake();
}

void AppThread::Run(const std::function<void()>& function) {
  Await([&](Waiter* waiter) {
    function();
    Done(waiter, 0);
  });
}

int AppThread::Await(const std::function<void(Waiter*)>& start) {
  const Attention attention(*this);
  Waiter waiter;
  Post([&] { start(&waiter); });
  return waiter.Wait();
}

void AppThread::Done(Waiter* waiter, int result) {
  // Notified under the lock: the waiter goes as soon as it can take it.
  std::lock_guard<std::mutex> lock(waiter->mutex);
  waiter->result = result;
  waiter->done = true;
  waiter->changed.notify_one();
}

Status AppThread::BecomeSpdkThread() {
  spdk_thread_ = spdk_thread_create("ashlar_app", nullptr);
  if (spdk_thread_ == nullptr) return Status::OutOfMemory("SPDK's app thread");
  spdk_set_thread(spdk_thread_);
  mode_.emplace(spdk_thread_);
  return Status::Ok();
}

AppThread::Attention::Attention(AppThread& thread) : thread_(thread) {
  thread_.wanted_.fetch_add(1, std::memory_order_relaxed);
  thread_.Wake();
}

AppThread::Attention::~Attention() { thread_.wanted_.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace ashlar::spdk
