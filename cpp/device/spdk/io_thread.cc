#include "cpp/device/spdk/io_thread.h"

#include <unistd.h>

#include <string>

#include "cpp/base/check.h"
#include "cpp/device/spdk/compat.h"

namespace ashlar::spdk {

namespace {
thread_local std::weak_ptr<IoThread> this_thread;
}  // namespace

Result<std::shared_ptr<IoThread>> IoThread::Acquire() {
  if (std::shared_ptr<IoThread> here = this_thread.lock()) return here;
  const std::string name = "ashlar_" + std::to_string(gettid());
  spdk_thread* thread = spdk_thread_create(name.c_str(), nullptr);
  if (thread == nullptr) {
    return Status::OutOfMemory("a thread of SPDK; give SPDK more memory (memory_mib)");
  }
  spdk_set_thread(thread);
  std::shared_ptr<IoThread> here(new IoThread(thread));
  this_thread = here;
  return here;
}

// Channels that were put are taken apart by messages, so it is polled to its end.
IoThread::~IoThread() {
  ASHLAR_CHECK(spdk_get_thread() == thread_);
  spdk_thread_exit(thread_);
  while (!spdk_thread_is_exited(thread_)) Poll();
  spdk_set_thread(nullptr);
  spdk_thread_destroy(thread_);
}

void IoThread::Poll() {
  parked_.StopIfExiting();
  spdk_thread_poll(thread_, 0, 0);
}

}  // namespace ashlar::spdk
