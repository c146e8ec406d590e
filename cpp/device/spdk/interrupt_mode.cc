#include "cpp/device/spdk/interrupt_mode.h"

#include <linux/membarrier.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

#include "cpp/device/spdk/compat.h"

namespace ashlar::spdk {

namespace {

// Before a thread is said to be kept awake it was found so this often, and once more for each 8
// requests: completions found by polling leave their signals behind, and SPDK's aio clears no more
// than 128 of them at a time.
constexpr uint64_t kPatience = 64;
constexpr uint64_t kRequestsPerLook = 8;
constexpr int kLooksAtOnce = 16;
constexpr int kSwitchesAtOnce = 3;
// What keeps a thread awake may go.
constexpr uint64_t kRetryNs = 1'000'000'000;
// A timer that is due so soon is waited for.
constexpr uint64_t kSoonPerSecond = 100'000;  // 10 us

uint64_t NowNs() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

int Membarrier(int command) { return static_cast<int>(syscall(SYS_membarrier, command, 0, 0)); }

void DoNothing(void* /*context*/) {}
void KeepPolling(spdk_poller* /*poller*/, void* /*context*/, bool /*interrupts*/) {}

}  // namespace

bool InterruptMode::IsSupported() {
  return Membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

bool InterruptMode::Enable() { return spdk_interrupt_mode_enable() == 0; }

bool InterruptMode::IsEnabled() { return spdk_interrupt_mode_is_enabled(); }

InterruptMode::InterruptMode(spdk_thread* thread) : thread_(thread) {
  if (!IsEnabled()) return;
  spdk_thread* const before = spdk_get_thread();
  spdk_set_thread(thread_);
  spdk_thread_set_interrupt_mode(false);
  spdk_set_thread(before);
  gate_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
}

InterruptMode::Outcome InterruptMode::Enter() {
  if (!gate_.valid()) return Outcome::kKeptAwake;
  if (retry_at_ns_ != 0) {
    if (NowNs() < retry_at_ns_) return Outcome::kKeptAwake;
    retry_at_ns_ = 0;
    fruitless_ = 0;
  }
  for (int i = 0; i < kSwitchesAtOnce; ++i) {
    if (!Switch()) return Judge();
    if (!Look()) return Wait();
    // What was signalled has been served. SPDK may have given itself work thereby that only polling
    // finds, so all is looked at once more before anybody sleeps.
    const bool drained = Drain();
    spdk_thread_set_interrupt_mode(false);
    if (!drained) return Judge();
  }
  return Judge();
}

InterruptMode::Outcome InterruptMode::Wait() {
  fruitless_ = 0;
  done_when_quiet_ = done_;
  excused_ = false;
  epoll_event event{};
  event.events = EPOLLIN;
  const int fd = spdk_thread_get_interrupt_fd(thread_);
  entered_ = epoll_ctl(gate_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  if (entered_) return Outcome::kEntered;
  spdk_thread_set_interrupt_mode(false);
  retry_at_ns_ = NowNs() + kRetryNs;
  return Outcome::kKeptAwake;
}

InterruptMode::Outcome InterruptMode::Probe() {
  retry_at_ns_ = 0;
  fruitless_ = 0;
  Outcome outcome;
  do {
    outcome = Enter();
  } while (outcome == Outcome::kAgain);
  Leave();
  return outcome;
}

// What woke the thread is served here, so that it does not end the next sleep.
void InterruptMode::Leave() {
  if (!entered_) return;
  entered_ = false;
  epoll_ctl(gate_.get(), EPOLL_CTL_DEL, spdk_thread_get_interrupt_fd(thread_), nullptr);
  spdk_thread_poll(thread_, 0, 0);
  spdk_thread_set_interrupt_mode(false);
}

void InterruptMode::Nudge() {
  if (entered_) spdk_thread_send_msg(thread_, &DoNothing, nullptr);
}

// Whether there was something.
bool InterruptMode::Look() {
  const uint64_t done_before = done_;
  if (spdk_thread_poll(thread_, 0, 0) == 0) return false;
  if (done_ == done_before) ++fruitless_;
  return true;
}

// To interrupt mode, by a message to the thread itself: when one of its messages has switched it
// SPDK looks once more at all that is polled, so nothing is missed that came without a signal.
//
// Whoever sends a message looks after that whether the thread is in interrupt mode, with no barrier
// between the two. The barrier that makes his message visible to our look, or our mode to his, is
// put into his thread from here.
bool InterruptMode::Switch() {
  const auto switch_here = [](void* context) {
    auto* self = static_cast<InterruptMode*>(context);
    if (!self->switching_ || self->TimerIsDue()) return;
    spdk_thread_set_interrupt_mode(true);
    // SPDK before 24.05 does not set the clock for a timer that is due while it switches.
    self->switched_ = !self->TimerIsDue() && Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0;
    if (!self->switched_) spdk_thread_set_interrupt_mode(false);
  };
  if (spdk_thread_send_msg(thread_, switch_here, this) != 0) return false;
  switched_ = false;
  switching_ = true;
  const bool found = Look();
  switching_ = false;  // where many messages come before this one it is still to arrive
  if (!switched_) return false;
  if (!found) return true;
  spdk_thread_set_interrupt_mode(false);
  return false;
}

bool InterruptMode::Drain() {
  for (int i = 0; i < kLooksAtOnce; ++i) {
    if (!Look()) return true;
  }
  return false;
}

bool InterruptMode::TimerIsDue() const {
  const uint64_t due = spdk_thread_next_poller_expiration(thread_);
  return due != 0 && due <= spdk_get_ticks() + spdk_get_ticks_hz() / kSoonPerSecond;
}

// Of the accel framework's module that computes in the thread itself: its poller only hands out
// what the thread has computed, and there is nothing of that left when polling finds nothing.
// Before 24.05 every thread with a bdev has it.
bool InterruptMode::ExcuseAccel() {
  bool excused = false;
  for (spdk_poller* poller = spdk_thread_get_first_active_poller(thread_); poller != nullptr;
       poller = spdk_thread_get_next_active_poller(poller)) {
    if (std::strcmp(spdk_poller_get_name(poller), "accel_comp_poll") != 0) continue;
    spdk_poller_register_interrupt(poller, &KeepPolling, nullptr);
    excused = true;
  }
  return excused;
}

InterruptMode::Outcome InterruptMode::Judge() {
  const uint64_t patience = kPatience + (done_ - done_when_quiet_) / kRequestsPerLook;
  if (fruitless_ <= patience) return Outcome::kAgain;
  if (!excused_ && ExcuseAccel()) {
    excused_ = true;
    fruitless_ = 0;
    return Outcome::kAgain;
  }
  retry_at_ns_ = NowNs() + kRetryNs;
  return Outcome::kKeptAwake;
}

}  // namespace ashlar::spdk
