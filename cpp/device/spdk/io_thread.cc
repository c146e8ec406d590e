#include "cpp/device/spdk/io_thread.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <string>

#include "cpp/base/check.h"
#include "cpp/device/spdk/compat.h"
#include "cpp/device/spdk/log.h"

namespace ashlar::spdk {

namespace {

// SPDK's messages and timers on a thread that has nothing in flight wait so long where they cannot
// wake it.
constexpr int kIdlePollMs = 10;

thread_local std::weak_ptr<IoThread> this_thread;

// Once for each bdev.
void SayKeepsAwake(const std::string& bdev) {
  static std::mutex mutex;
  static auto* said = new std::set<std::string>();
  {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!said->insert(bdev).second) return;
  }
  Say("bdev " + bdev +
      " cannot signal its completions (SPDK's interrupt mode): reactors that use it poll while "
      "something is in flight, and look every " +
      std::to_string(kIdlePollMs) + " ms when nothing is");
}

}  // namespace

Result<std::shared_ptr<IoThread>> IoThread::Make(bool shared) {
  const std::string name = (shared ? "ashlar_any_" : "ashlar_") + std::to_string(gettid());
  spdk_thread* thread = spdk_thread_create(name.c_str(), nullptr);
  if (thread == nullptr) {
    return Status::OutOfMemory("a thread of SPDK; give SPDK more memory (memory_mib)");
  }
  return std::shared_ptr<IoThread>(new IoThread(thread, shared));
}

Result<std::shared_ptr<IoThread>> IoThread::Acquire() {
  if (std::shared_ptr<IoThread> here = this_thread.lock()) return here;
  Result<std::shared_ptr<IoThread>> made = Make(false);
  if (made.ok()) this_thread = *made;
  return made;
}

Result<std::shared_ptr<IoThread>> IoThread::MakeShared() { return Make(true); }

IoThread::IoThread(spdk_thread* thread, bool shared) : thread_(thread), mode_(thread) {
  if (shared) return;
  parked_.emplace();
  spdk_set_thread(thread_);
}

// Channels that were put are taken apart by messages, so it is polled to its end.
IoThread::~IoThread() {
  {
    const Use use(*this);
    ASHLAR_CHECK(spdk_get_thread() == thread_);
    AnnounceWake();
    spdk_thread_exit(thread_);
    while (!spdk_thread_is_exited(thread_)) Poll();
  }
  if (parked_) spdk_set_thread(nullptr);
  spdk_thread_destroy(thread_);
}

void IoThread::Poll() {
  if (is_asleep()) [[unlikely]] {
    // What comes of it may be something that only polling finds.
    if (spdk_thread_poll(thread_, 0, 0) != 0) Nudge();
    return;
  }
  if (parked_) parked_->StopIfExiting();
  spdk_thread_poll(thread_, 0, 0);
}

// --- sleep ---------------------------------------------------------------------------------------

void IoThread::AnnounceSleep() {
  if (announced_) return;
  announced_ = true;
  const bool kept_awake = outcome_ == InterruptMode::Outcome::kKeptAwake;
  outcome_ = mode_.Enter();
  if (is_asleep()) {
    if (parked_) Parked::Thread::Asleep();
  } else if (!kept_awake && outcome_ == InterruptMode::Outcome::kKeptAwake) {
    SayKeptAwake();
  }
}

void IoThread::AnnounceWake() {
  if (!announced_) return;
  announced_ = false;
  if (!is_asleep()) return;
  mode_.Leave();
  if (parked_) Parked::Thread::Awake();
}

void IoThread::Nudge() { mode_.Nudge(); }

int IoThread::max_sleep_ms() const {
  switch (outcome_) {
    case InterruptMode::Outcome::kEntered:
      return -1;
    case InterruptMode::Outcome::kAgain:
      return 0;
    case InterruptMode::Outcome::kKeptAwake:
      break;
  }
  return kIdlePollMs;
}

bool IoThread::CanSleep() {
  AnnounceWake();
  return mode_.Probe() == InterruptMode::Outcome::kEntered;
}

void IoThread::Add(const std::string& bdev, bool keeps_awake) {
  bdevs_.push_back({bdev, keeps_awake});
  if (keeps_awake) SayKeepsAwake(bdev);
}

void IoThread::Forget(const std::string& bdev) {
  const auto found = std::find_if(bdevs_.begin(), bdevs_.end(),
                                  [&](const Bdev& known) { return known.name == bdev; });
  if (found != bdevs_.end()) bdevs_.erase(found);
}

// By something that came later than the bdevs: it may be any one's.
void IoThread::SayKeptAwake() {
  if (std::any_of(bdevs_.begin(), bdevs_.end(), [](const Bdev& b) { return b.keeps_awake; }))
    return;
  for (const Bdev& bdev : bdevs_) SayKeepsAwake(bdev.name);
}

// --- use -----------------------------------------------------------------------------------------

IoThread::Use::Use(const IoThread& thread) : visits_(!thread.parked_ || thread.is_asleep()) {
  if (!visits_) return;
  Parked::EnterOrStop();
  before_ = spdk_get_thread();
  spdk_set_thread(thread.thread_);
}

IoThread::Use::~Use() {
  if (!visits_) return;
  spdk_set_thread(before_);
  Parked::Leave();
}

}  // namespace ashlar::spdk
