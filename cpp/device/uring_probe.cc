#include "cpp/device/uring_probe.h"

#include <liburing.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "cpp/device/unique_fd.h"

namespace ashlar {

namespace {

// Best first. DEFER_TASKRUN completes I/O only when we enter the kernel, in batches and without
// interrupting our thread; COOP_TASKRUN at least spares the interrupt. Both need TASKRUN_FLAG,
// which tells without a system call that completions wait.
constexpr std::array kCandidateFlags = {
    unsigned{IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
             IORING_SETUP_TASKRUN_FLAG},
    unsigned{IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN |
             IORING_SETUP_TASKRUN_FLAG},
    unsigned{IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG},
    0u,
};
constexpr size_t kFirstSharedCandidate = 2;  // from here on any thread may submit

constexpr int kWakeTimeoutMs = 200;
constexpr int kMaxWakes = 100;  // of which signals of the host program may take some

bool HasNeededOperations(io_uring* ring) {
  io_uring_probe* probe = io_uring_get_probe_ring(ring);
  if (probe == nullptr) return false;
  const auto needed = {IORING_OP_READ, IORING_OP_WRITE, IORING_OP_FSYNC, IORING_OP_FALLOCATE};
  const bool has_all = std::all_of(needed.begin(), needed.end(), [probe](int operation) {
    return io_uring_opcode_supported(probe, operation) != 0;
  });
  io_uring_free_probe(probe);
  return has_all;
}

// A ring whose completions signal an eventfd that epoll watches, as a sleeping reactor has it. The
// ring's own descriptor will not do: under DEFER_TASKRUN it does not wake epoll (seen on
// Linux 6.18).
class WatchedRing {
 public:
  explicit WatchedRing(io_uring* ring)
      : ring_(ring), epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC)) {}

  bool Watch() {
    epoll_event event{};
    event.events = EPOLLIN;
    return epoll_.valid() && wake_.valid() && io_uring_register_eventfd(ring_, wake_.get()) == 0 &&
           epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0;
  }

  // Whether epoll sleeps until the queued operation completes and then finds exactly its
  // completion.
  bool WakesFor(int expected_result) {
    if (Wait(0) || io_uring_submit(ring_) != 1) return false;
    io_uring_cqe* completion = nullptr;
    for (int i = 0; i < kMaxWakes && completion == nullptr; ++i) {
      if (!Wait(kWakeTimeoutMs)) return false;
      io_uring_get_events(ring_);
      if (io_uring_peek_cqe(ring_, &completion) != 0) completion = nullptr;
    }
    if (completion == nullptr) return false;
    const bool expected = completion->res == expected_result;
    io_uring_cqe_seen(ring_, completion);
    uint64_t signals;
    return read(wake_.get(), &signals, sizeof(signals)) == sizeof(signals) && expected;
  }

 private:
  // False when the time is up. Work that the kernel does for us in our thread may interrupt the
  // wait (older modes only): the reactor polls then, and so nothing is lost.
  bool Wait(int timeout_ms) {
    epoll_event event;
    const int ready = epoll_wait(epoll_.get(), &event, 1, timeout_ms);
    return ready == 1 || (ready < 0 && errno == EINTR);
  }

  io_uring* const ring_;
  const UniqueFd epoll_;
  const UniqueFd wake_;
};

// A timer completes like a drive does, while we sleep; a no-op forced into a kernel thread
// completes like an fsync. Twice each: the second one shows that the first left nothing behind.
bool EpollWakesUp(io_uring* ring) {
  WatchedRing watched(ring);
  if (!watched.Watch()) return false;
  for (int round = 0; round < 2; ++round) {
    __kernel_timespec delay{0, 1'000'000};
    io_uring_prep_timeout(io_uring_get_sqe(ring), &delay, 0, 0);
    if (!watched.WakesFor(-ETIME)) return false;
    io_uring_sqe* in_kernel_thread = io_uring_get_sqe(ring);
    io_uring_prep_nop(in_kernel_thread);
    io_uring_sqe_set_flags(in_kernel_thread, IOSQE_ASYNC);
    if (!watched.WakesFor(0)) return false;
  }
  return true;
}

// 0 when a ring with these flags does all we need, else an errno.
int TryFlags(unsigned flags) {
  io_uring ring;
  const int failure = io_uring_queue_init(4, &ring, flags);
  if (failure != 0) return -failure;
  const bool works = HasNeededOperations(&ring) && EpollWakesUp(&ring);
  io_uring_queue_exit(&ring);
  return works ? 0 : ENOSYS;
}

// The first set that works.
Result<unsigned> FindFlags(std::span<const unsigned> candidates) {
  int failure = 0;
  for (const unsigned flags : candidates) {
    failure = TryFlags(flags);
    if (failure == 0) return flags;
  }
  return Status::NotSupported("io_uring is refused here", failure);
}

}  // namespace

Result<UringFeatures> ProbeUring() {
  static std::mutex mutex;
  static std::optional<UringFeatures> found;
  std::lock_guard<std::mutex> lock(mutex);
  if (found.has_value()) return *found;
  const std::span<const unsigned> candidates(kCandidateFlags);
  // A refusal is not remembered: its reason (a limit on memory or descriptors) may pass.
  const Result<unsigned> own = FindFlags(candidates);
  if (!own.ok()) return own.status();
  const Result<unsigned> shared = FindFlags(candidates.subspan(kFirstSharedCandidate));
  if (!shared.ok()) return shared.status();
  found = UringFeatures{own.value(), shared.value()};
  return *found;
}

}  // namespace ashlar
