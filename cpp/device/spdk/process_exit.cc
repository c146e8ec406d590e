#include "cpp/device/spdk/process_exit.h"

#include <unistd.h>

#include <atomic>

namespace ashlar::spdk {

namespace {

constexpr int kMaxWaitMs = 1000;

std::atomic<bool> is_exiting{false};
std::atomic<int> threads{0};
std::atomic<int> parked{0};
// The thread that ends the process cannot be waited for.
thread_local int threads_here = 0;
std::atomic<int> visits{0};
thread_local int visits_here = 0;

bool AllHaveStopped() {
  return parked.load() >= threads.load() - threads_here &&
         visits.load() == (visits_here > 0 ? 1 : 0);
}

// Destructors of libraries run after all that was registered with atexit, and this library's before
// those of SPDK's, which it needs.
__attribute__((destructor)) void WaitForThreads() {
  is_exiting.store(true);
  for (int ms = 0; ms < kMaxWaitMs && !AllHaveStopped(); ++ms) usleep(1000);
}

}  // namespace

bool Parked::exiting() { return is_exiting.load(); }

Parked::Thread::Thread() {
  ++threads_here;
  threads.fetch_add(1);
}

Parked::Thread::~Thread() {
  --threads_here;
  threads.fetch_sub(1);
}

void Parked::Thread::Asleep() { parked.fetch_add(1); }

void Parked::Thread::Awake() { parked.fetch_sub(1); }

void Parked::EnterOrStop() {
  if (++visits_here > 1) return;
  visits.fetch_add(1);  // before the look: whoever sets it sees this, or we see that
  if (!exiting()) [[likely]]
    return;
  visits.fetch_sub(1);
  while (true) pause();
}

void Parked::Leave() {
  if (--visits_here == 0) visits.fetch_sub(1);
}

void Parked::Thread::StopIfExiting() const {
  if (!exiting()) [[likely]]
    return;
  parked.fetch_add(1);
  while (true) pause();
}

}  // namespace ashlar::spdk
