// Takes the kernel's requests and has them answered, in several threads.
//
// Why not libfuse's own loop: the kernel hands over the pages of a file in the order of the file,
// one large request after the other, and there two threads would take them out of order. A file
// that grows would get zeros first and its bytes later. Here a write is finished before the next
// request is taken, which costs little, since most of it is a copy into a buffer. All other
// requests are answered while the next ones are taken. Nobody sleeps in the kernel's read, where he
// would hold off the thread that has just answered and could take the next request at once.
#pragma once

#include <pthread.h>

#include <mutex>
#include <vector>

struct fuse_buf;
struct fuse_session;

namespace ashlar {

class RequestLoop {
 public:
  explicit RequestLoop(fuse_session* session) : session_(session) {}
  RequestLoop(const RequestLoop&) = delete;
  RequestLoop& operator=(const RequestLoop&) = delete;

  // Until the folder is unmounted, or Exit: 0, or a negative errno. Once; the calling thread is one
  // of those that serve.
  int Run();

  // Any thread. Ends Run as soon as what is being answered has been. Threads that wait for a
  // request are woken by `signal`, which must have a handler; one may look just before it falls
  // asleep, so call again until Run has ended.
  void Exit(int signal);

 private:
  // That many requests may wait for the device.
  static constexpr int kThreads = 8;

  void Serve();
  bool ServeOne(fuse_buf* buffer);
  int Receive(fuse_buf* buffer);
  void WaitForRequest();

  fuse_session* const session_;
  std::mutex wait_mutex_;  // taken before receive_mutex_ where both are held
  std::mutex receive_mutex_;
  int error_ = 0;  // guarded by receive_mutex_
  std::mutex threads_mutex_;
  std::vector<pthread_t> threads_;  // those in Serve
};

}  // namespace ashlar
