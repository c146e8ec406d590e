#include "cpp/device/spdk/io_thread.h"

#include <unistd.h>

#include <string>

#include "cpp/base/check.h"
#include "cpp/device/spdk/compat.h"

namespace ashlar::spdk {

namespace {
thread_local std::weak_ptr<IoThread> this_thread;
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

IoThread::IoThread(spdk_thread* thread, bool shared) : thread_(thread) {
  if (shared) return;
  parked_.emplace();
  spdk_set_thread(thread_);
}

// Channels that were put are taken apart by messages, so it is polled to its end.
IoThread::~IoThread() {
  {
    const Use use(*this);
    ASHLAR_CHECK(spdk_get_thread() == thread_);
    spdk_thread_exit(thread_);
    while (!spdk_thread_is_exited(thread_)) Poll();
  }
  if (parked_) spdk_set_thread(nullptr);
  spdk_thread_destroy(thread_);
}

void IoThread::Poll() {
  if (parked_) parked_->StopIfExiting();
  spdk_thread_poll(thread_, 0, 0);
}

IoThread::Use::Use(const IoThread& thread) : shared_(!thread.parked_) {
  if (!shared_) return;
  Parked::EnterOrStop();
  before_ = spdk_get_thread();
  spdk_set_thread(thread.thread_);
}

IoThread::Use::~Use() {
  if (!shared_) return;
  spdk_set_thread(before_);
  Parked::Leave();
}

}  // namespace ashlar::spdk
