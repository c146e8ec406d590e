// A reactor: one thread that owns everything registered with it and shares nothing.
//
// Other threads touch a reactor's state only by posting it a message. Messages are intrusive and
// owned by the poster until they have run; posting takes one atomic exchange and, when the reactor
// sleeps, one write to its eventfd. The reactor never waits for a lock, for Java or for RocksDB.
//
// When there is nothing to do the idle policy decides: kBusy spins, kInterrupt sleeps at once in
// epoll, kAdaptive spins for `spin_ns` first.
//
// A driven reactor has no thread of its own. Whoever waits for its work drives it: Turn() does what
// there is to do, Await() sleeps, RunHere() does something to what it owns. Those who do so at the
// same time take turns. Messages cannot be posted to it.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "ashlar/options.h"
#include "ashlar/status.h"
#include "cpp/runtime/reader_gate.h"

namespace ashlar {

// A message to a reactor. `run` is called once on the reactor's thread; after that the message is
// its owner's again (`run` may delete it).
struct Message {
  void (*run)(Message*) = nullptr;
  std::atomic<Message*> next{nullptr};
};

// Work that a reactor does on every turn: an I/O channel, a command ring.
class Poller {
 public:
  virtual ~Poller() = default;

  // Does what there is to do without waiting; returns how much was done (0: idle).
  virtual int Poll() = 0;

  // Before the reactor sleeps: tell other threads to wake it from now on. The reactor polls once
  // more after this call, so work published before the announcement is not missed.
  virtual void AnnounceSleep() {}
  virtual void AnnounceWake() {}

  // A descriptor that becomes readable when Poll() has work, or -1.
  virtual int wake_fd() const { return -1; }

  // After AnnounceSleep(): whether the reactor must not sleep for this poller's sake (work in
  // flight that wake_fd does not tell of).
  virtual bool must_poll() const { return false; }

  // After AnnounceSleep(): how long the reactor may sleep for this poller's sake; -1: any time.
  virtual int max_sleep_ms() const { return -1; }
};

class Reactor {
 public:
  static Result<std::unique_ptr<Reactor>> Start(uint32_t index, const RuntimeOptions& options);

  static Result<std::unique_ptr<Reactor>> CreateDriven(uint32_t index,
                                                       const RuntimeOptions& options);

  // Runs what was posted, then stops and joins the thread. Not from the reactor's own thread.
  ~Reactor();

  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Any thread. From here on the reactor runs on this core only.
  Status Pin(int core);

  uint32_t index() const { return index_; }
  bool is_driven() const { return !started_; }

  // Any thread. The message runs after those posted to this reactor before it by the same thread.
  void Post(Message* message);

  // Any thread. Makes a sleeping reactor look at its pollers.
  void Wake();

  // Whether the caller is this reactor's thread.
  bool IsCurrent() const;
  // The reactor whose thread this is, or null.
  static Reactor* Current();

  // Reactor thread only. The poller outlives its registration.
  void AddPoller(Poller* poller);
  void RemovePoller(Poller* poller);

  // --- a driven reactor's; any thread but a reactor's ---

  // Polls once and returns how much was done. 0 also while another thread has the turn.
  int Turn();

  // Sleeps until there may be something to do, Wake() or the timeout; -1: no timeout.
  void Await(int timeout_ms);

  // Calls the function as the reactor; waits for the turn.
  template <typename Function>
  auto RunHere(Function function) {
    const Driver driver(*this, std::unique_lock<std::mutex>(turn_));
    return function();
  }

 private:
  // The calling thread has the turn as long as this lives. It stands inside the ReaderGate, so that
  // those who free what a turn may look up wait for the gate and not for a message.
  class Driver {
   public:
    Driver(Reactor& reactor, std::unique_lock<std::mutex> turn);
    ~Driver();
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

   private:
    Reactor& reactor_;
    const std::unique_lock<std::mutex> turn_;
    const ReaderGate::Pass pass_;
  };

  explicit Reactor(uint32_t index, const RuntimeOptions& options);
  static Result<std::unique_ptr<Reactor>> Create(uint32_t index, const RuntimeOptions& options);

  void Run();
  int RunMessages();
  int PollAll();
  void Sleep();
  bool AnnounceSleep();
  void WaitForEvents(int timeout_ms);
  void AnnounceWake();
  int MaxSleepMs() const;

  const uint32_t index_;
  const RuntimeOptions options_;
  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  std::vector<Poller*> pollers_;
  alignas(64) std::atomic<Message*> inbox_{nullptr};
  alignas(64) std::atomic<bool> asleep_{false};
  std::atomic<bool> stopping_{false};
  int unsleepable_ = 0;  // pollers whose descriptor epoll refused
  pthread_t thread_{};
  bool started_ = false;
  std::mutex turn_;  // driven only
};

}  // namespace ashlar
