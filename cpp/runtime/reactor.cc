#include "cpp/runtime/reactor.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "cpp/base/check.h"

namespace ashlar {

namespace {

thread_local Reactor* current_reactor = nullptr;

uint64_t NowNs() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

void CpuRelax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

Reactor::Reactor(uint32_t index, const RuntimeOptions& options)
    : index_(index), options_(options) {}

Result<std::unique_ptr<Reactor>> Reactor::Create(uint32_t index, const RuntimeOptions& options) {
  std::unique_ptr<Reactor> reactor(new Reactor(index, options));
  reactor->epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (reactor->epoll_fd_ < 0) {
    return Status::FromErrno(errno, "epoll_create1 for reactor " + std::to_string(index));
  }
  reactor->wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (reactor->wake_fd_ < 0) {
    return Status::FromErrno(errno, "eventfd for reactor " + std::to_string(index));
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = reactor->wake_fd_;
  if (epoll_ctl(reactor->epoll_fd_, EPOLL_CTL_ADD, reactor->wake_fd_, &event) != 0) {
    return Status::FromErrno(errno, "epoll_ctl for reactor " + std::to_string(index));
  }
  return reactor;
}

Result<std::unique_ptr<Reactor>> Reactor::CreateDriven(uint32_t index,
                                                       const RuntimeOptions& options) {
  return Create(index, options);
}

Result<std::unique_ptr<Reactor>> Reactor::Start(uint32_t index, const RuntimeOptions& options) {
  Result<std::unique_ptr<Reactor>> created = Create(index, options);
  if (!created.ok()) return created.status();
  std::unique_ptr<Reactor> reactor = std::move(created).value();
  // pthread_create, not std::thread's constructor: without exceptions its failure would end the
  // process.
  pthread_t thread;
  const int failure = pthread_create(
      &thread, nullptr,
      [](void* self) -> void* {
        static_cast<Reactor*>(self)->Run();
        return nullptr;
      },
      reactor.get());
  if (failure != 0) {
    return Status::FromErrno(failure, "thread of reactor " + std::to_string(index));
  }
  reactor->thread_ = thread;
  reactor->started_ = true;
  return reactor;
}

Reactor::~Reactor() {
  if (started_) {
    ASHLAR_CHECK(!IsCurrent());
    stopping_.store(true, std::memory_order_seq_cst);
    Wake();
    pthread_join(thread_, nullptr);
  }
  if (wake_fd_ >= 0) close(wake_fd_);
  if (epoll_fd_ >= 0) close(epoll_fd_);
}

Status Reactor::Pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<size_t>(core), &cores);
  const int failure = pthread_setaffinity_np(thread_, sizeof(cores), &cores);
  if (failure == 0) return Status::Ok();
  return Status::FromErrno(
      failure, "reactor " + std::to_string(index_) + " on core " + std::to_string(core));
}

void Reactor::Post(Message* message) {
  Message* head = inbox_.load(std::memory_order_relaxed);
  do {
    message->next.store(head, std::memory_order_relaxed);
  } while (!inbox_.compare_exchange_weak(head, message, std::memory_order_seq_cst,
                                         std::memory_order_relaxed));
  if (asleep_.load(std::memory_order_seq_cst)) {
    Wake();
  }
}

void Reactor::Wake() {
  const uint64_t one = 1;
  // EAGAIN means that the counter is already non-zero: the reactor will wake.
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
}

bool Reactor::IsCurrent() const { return current_reactor == this; }

Reactor* Reactor::Current() { return current_reactor; }

void Reactor::AddPoller(Poller* poller) {
  ASHLAR_CHECK(IsCurrent());
  pollers_.push_back(poller);
  if (poller->wake_fd() >= 0) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = poller->wake_fd();
    // A descriptor that epoll refuses makes the reactor poll instead of sleeping.
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, poller->wake_fd(), &event) != 0) {
      ++unsleepable_;
    }
  }
}

void Reactor::RemovePoller(Poller* poller) {
  ASHLAR_CHECK(IsCurrent());
  const auto found = std::find(pollers_.begin(), pollers_.end(), poller);
  ASHLAR_CHECK(found != pollers_.end());
  // Only marked: a poller may remove itself, or another, while PollAll walks the list.
  *found = nullptr;
  if (poller->wake_fd() >= 0 &&
      epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, poller->wake_fd(), nullptr) != 0) {
    --unsleepable_;
  }
}

int Reactor::RunMessages() {
  if (inbox_.load(std::memory_order_relaxed) == nullptr) {
    return 0;
  }
  Message* newest_first = inbox_.exchange(nullptr, std::memory_order_acquire);
  Message* oldest_first = nullptr;
  while (newest_first != nullptr) {
    Message* rest = newest_first->next.load(std::memory_order_relaxed);
    newest_first->next.store(oldest_first, std::memory_order_relaxed);
    oldest_first = newest_first;
    newest_first = rest;
  }
  int count = 0;
  while (oldest_first != nullptr) {
    Message* message = oldest_first;
    oldest_first = message->next.load(std::memory_order_relaxed);
    message->run(message);  // may free or repost the message
    ++count;
  }
  return count;
}

int Reactor::PollAll() {
  int work = RunMessages();
  for (size_t i = 0; i < pollers_.size(); ++i) {
    if (pollers_[i] != nullptr) {
      work += pollers_[i]->Poll();
    }
  }
  std::erase(pollers_, nullptr);
  return work;
}

int Reactor::MaxSleepMs() const {
  int max_ms = -1;
  for (const Poller* poller : pollers_) {
    const int ms = poller->max_sleep_ms();
    if (ms >= 0) max_ms = max_ms < 0 ? ms : std::min(max_ms, ms);
  }
  return max_ms;
}

// Whether the reactor may sleep now. AnnounceWake() follows in any case.
bool Reactor::AnnounceSleep() {
  asleep_.store(true, std::memory_order_seq_cst);
  for (Poller* poller : pollers_) {
    poller->AnnounceSleep();
  }
  // What was published before the announcement is found here; what comes after it wakes us.
  const bool idle = PollAll() == 0 && inbox_.load(std::memory_order_seq_cst) == nullptr;
  return idle && unsleepable_ == 0 && !stopping_.load(std::memory_order_seq_cst) &&
         std::none_of(pollers_.begin(), pollers_.end(), [](Poller* p) { return p->must_poll(); });
}

void Reactor::WaitForEvents(int timeout_ms) {
  epoll_event events[8];
  const int ready = epoll_wait(epoll_fd_, events, 8, timeout_ms);
  for (int i = 0; i < ready; ++i) {
    if (events[i].data.fd == wake_fd_) {
      uint64_t count;
      [[maybe_unused]] const ssize_t n = read(wake_fd_, &count, sizeof(count));
    }
  }
}

void Reactor::AnnounceWake() {
  asleep_.store(false, std::memory_order_seq_cst);
  for (Poller* poller : pollers_) {
    poller->AnnounceWake();
  }
}

void Reactor::Sleep() {
  if (AnnounceSleep()) WaitForEvents(MaxSleepMs());
  AnnounceWake();
}

void Reactor::Run() {
  current_reactor = this;
  const std::string name = "ashlar-reactor-" + std::to_string(index_);
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  uint64_t idle_since_ns = 0;
  while (true) {
    if (PollAll() > 0) {
      idle_since_ns = 0;
      continue;
    }
    if (stopping_.load(std::memory_order_seq_cst)) {
      if (inbox_.load(std::memory_order_seq_cst) == nullptr) break;
      continue;
    }
    if (options_.idle_policy == IdlePolicy::kBusy) {
      CpuRelax();
      continue;
    }
    if (options_.idle_policy == IdlePolicy::kAdaptive) {
      const uint64_t now_ns = NowNs();
      if (idle_since_ns == 0) idle_since_ns = now_ns;
      if (now_ns - idle_since_ns < options_.spin_ns) {
        CpuRelax();
        continue;
      }
    }
    Sleep();
    idle_since_ns = 0;
  }
  current_reactor = nullptr;
}

// --- driven --------------------------------------------------------------------------------------

Reactor::Driver::Driver(Reactor& reactor, std::unique_lock<std::mutex> turn)
    : reactor_(reactor), turn_(std::move(turn)) {
  ASHLAR_CHECK(!reactor.started_ && current_reactor == nullptr);
  current_reactor = &reactor;
}

Reactor::Driver::~Driver() {
  std::erase(reactor_.pollers_, nullptr);
  current_reactor = nullptr;
}

int Reactor::Turn() {
  std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
  if (!turn.owns_lock()) return 0;
  const Driver driver(*this, std::move(turn));
  return PollAll();
}

void Reactor::Await(int timeout_ms) {
  int max_ms = -1;
  const bool may_sleep = RunHere([&] {
    const bool idle = AnnounceSleep();
    max_ms = MaxSleepMs();
    return idle;
  });
  if (max_ms >= 0) timeout_ms = timeout_ms < 0 ? max_ms : std::min(timeout_ms, max_ms);
  if (may_sleep) WaitForEvents(timeout_ms);
  RunHere([this] { AnnounceWake(); });
}

}  // namespace ashlar
