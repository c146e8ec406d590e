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

void AppThread::Sleep() const {
  long ns = kIdleNs;
  if (wanted_.load(std::memory_order_relaxed) > 0) {
    ns = kAttentiveNs;
  } else if (spdk_thread_ != nullptr && spdk_thread_has_active_pollers(spdk_thread_) != 0) {
    ns = kBusyNs;
  }
  pollfd event{.fd = wake_fd_, .events = POLLIN, .revents = 0};
  const timespec timeout{.tv_sec = 0, .tv_nsec = ns};
  if (ppoll(&event, 1, &timeout, nullptr) > 0) {
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
  return Status::Ok();
}

AppThread::Attention::Attention(AppThread& thread) : thread_(thread) {
  thread_.wanted_.fetch_add(1, std::memory_order_relaxed);
  thread_.Wake();
}

AppThread::Attention::~Attention() { thread_.wanted_.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace ashlar::spdk
