#include "cpp/fuse/request_loop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "cpp/fuse/operations.h"

namespace ashlar {

namespace {

// Of the kernel's interface: each request begins with its length and what is asked for, 32 bits
// each.
constexpr size_t kOperationAt = 4;
constexpr uint32_t kWriteOperation = 16;

bool IsWrite(const fuse_buf& buffer) {
  uint32_t operation = 0;
  if ((buffer.flags & FUSE_BUF_IS_FD) != 0 || buffer.size < kOperationAt + sizeof(operation)) {
    return false;
  }
  std::memcpy(&operation, static_cast<const char*>(buffer.mem) + kOperationAt, sizeof(operation));
  return operation == kWriteOperation;
}

}  // namespace

int RequestLoop::Run() {
  // Whoever finds no request gives way to those who come with one.
  const int kernel = fuse_session_fd(session_);
  if (fcntl(kernel, F_SETFL, fcntl(kernel, F_GETFL) | O_NONBLOCK) != 0) return -errno;
  std::vector<std::thread> others;
  for (int i = 1; i < kThreads; ++i) others.emplace_back([this] { Serve(); });
  Serve();
  for (std::thread& thread : others) thread.join();
  return error_;
}

void RequestLoop::Exit(int signal) {
  fuse_session_exit(session_);
  std::lock_guard<std::mutex> lock(threads_mutex_);
  for (const pthread_t thread : threads_) pthread_kill(thread, signal);
}

void RequestLoop::Serve() {
  {
    std::lock_guard<std::mutex> lock(threads_mutex_);
    threads_.push_back(pthread_self());
  }
  // Taking the kernel's pages is what frees memory: when this thread needs some, it must not wait
  // for that. Without the privilege it is as on any other thread.
  [[maybe_unused]] const int ignored = prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
  fuse_buf buffer{};
  while (ServeOne(&buffer)) {
  }
  std::free(buffer.mem);
  std::lock_guard<std::mutex> lock(threads_mutex_);
  std::erase_if(threads_, [](pthread_t thread) { return pthread_equal(thread, pthread_self()); });
}

// False: that was the end.
bool RequestLoop::ServeOne(fuse_buf* buffer) {
  std::unique_lock<std::mutex> receiving(receive_mutex_);
  std::unique_lock<std::mutex> waiting(wait_mutex_, std::defer_lock);
  int received = Receive(buffer);
  if (received == -EAGAIN) {
    receiving.unlock();
    waiting.lock();
    WaitForRequest();
    receiving.lock();
    received = Receive(buffer);
  }
  if (received <= 0) return received != 0;
  const auto let_others = [&] {
    if (waiting.owns_lock()) waiting.unlock();
    receiving.unlock();
  };
  const bool in_order = IsWrite(*buffer);
  if (!in_order) let_others();
  fuse_session_process_buf(session_, buffer);
  if (in_order) let_others();
  FinishRequest();
  return true;
}

// Takes a request if there is one. 0: that was the end.
int RequestLoop::Receive(fuse_buf* buffer) {
  if (fuse_session_exited(session_) != 0) return 0;
  const int received = fuse_session_receive_buf(session_, buffer);
  if (received > 0 || received == -EINTR || received == -EAGAIN) return received;
  // Unmounted, which is no error and marked in the session, or an error that will not go away.
  if (received < 0 && received != -ENODEV) error_ = received;
  fuse_session_exit(session_);
  return 0;
}

// Of the threads that have nothing to do one waits here for the kernel, and lets the next one do so
// when it has taken its request: so a request wakes one.
void RequestLoop::WaitForRequest() {
  if (fuse_session_exited(session_) != 0) return;
  pollfd kernel{fuse_session_fd(session_), POLLIN, 0};
  poll(&kernel, 1, -1);
}

}  // namespace ashlar
