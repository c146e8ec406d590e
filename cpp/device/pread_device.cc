#include "cpp/device/pread_device.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/device/file_device.h"
#include "cpp/device/file_io.h"
#include "cpp/device/open_requests.h"
#include "cpp/device/request_check.h"
#include "cpp/device/request_list.h"

namespace ashlar {

namespace {

constexpr int kThreadsPerChannel = 4;

// Requests go to the channel's threads in the Poll() after their Submit() and come back through a
// list and an eventfd, both under one lock: this is the fallback, where a lock is cheap beside the
// transfer.
class PreadChannel final : public Channel {
 public:
  PreadChannel(const FileHandle& file, DeviceTotals* totals) : file_(file), requests_(totals) {}
  ~PreadChannel() override;

  Status Open();

  void Submit(IoRequest* request) override;
  int Poll() override;
  uint32_t in_flight() const override { return requests_.count(); }
  int wake_fd() const override { return wake_fd_.get(); }

 private:
  void HandOver();
  void TakeCompleted();
  void Work();

  const FileHandle& file_;
  OpenRequests requests_;
  UniqueFd wake_fd_;
  pthread_t threads_[kThreadsPerChannel] = {};
  int started_threads_ = 0;

  // The channel's thread only.
  RequestList submitted_;

  std::atomic<bool> has_completed_{false};  // completed_ is not empty; changes under the lock

  std::mutex mutex_;
  std::condition_variable work_arrived_;
  RequestList queue_;      // guarded by mutex_
  RequestList completed_;  // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
};

Status PreadChannel::Open() {
  wake_fd_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_fd_.valid()) return Status::FromErrno(errno, "eventfd for '" + file_.info.name + "'");
  // Signals are for the threads of whoever loaded us.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failure = 0;
  while (failure == 0 && started_threads_ < kThreadsPerChannel) {
    // Not std::thread: without exceptions its failure would end the process.
    failure = pthread_create(
        &threads_[started_threads_], nullptr,
        [](void* self) -> void* {
          static_cast<PreadChannel*>(self)->Work();
          return nullptr;
        },
        this);
    if (failure == 0) ++started_threads_;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (started_threads_ == 0) {
    return Status::FromErrno(failure, "I/O thread for '" + file_.info.name + "'");
  }
  return Status::Ok();
}

PreadChannel::~PreadChannel() {
  ASHLAR_CHECK(requests_.count() == 0);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    work_arrived_.notify_all();
  }
  for (int i = 0; i < started_threads_; ++i) {
    pthread_join(threads_[i], nullptr);
  }
}

void PreadChannel::Submit(IoRequest* request) {
  requests_.Begin();
  const int refusal = CheckRequest(file_.info, file_.read_only, *request);
  if (refusal == 0) {
    submitted_.PushBack(request);
  } else {
    requests_.Finish(request, refusal);
  }
}

int PreadChannel::Poll() {
  if (!submitted_.empty()) HandOver();
  if (has_completed_.load(std::memory_order_acquire)) TakeCompleted();
  return requests_.CallDone();
}

void PreadChannel::HandOver() {
  std::lock_guard<std::mutex> lock(mutex_);
  queue_.Append(submitted_);
  work_arrived_.notify_all();
}

// The eventfd is readable exactly while completed_ is not empty.
void PreadChannel::TakeCompleted() {
  std::lock_guard<std::mutex> lock(mutex_);
  requests_.Finish(completed_);
  has_completed_.store(false, std::memory_order_relaxed);
  uint64_t count;
  [[maybe_unused]] const ssize_t drained = read(wake_fd_.get(), &count, sizeof(count));
}

void PreadChannel::Work() {
  pthread_setname_np(pthread_self(), "ashlar-pread");
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    work_arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    IoRequest* request = queue_.PopFront();
    if (request == nullptr) return;  // stopping
    lock.unlock();
    request->result = ExecuteBlocking(file_.fd.get(), file_.info, *request);
    lock.lock();
    if (completed_.empty()) {
      has_completed_.store(true, std::memory_order_release);
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = write(wake_fd_.get(), &one, sizeof(one));
    }
    completed_.PushBack(request);
  }
}

class PreadDevice final : public FileDevice {
 public:
  explicit PreadDevice(FileHandle file) : FileDevice(std::move(file), "pread") {}

  Result<std::unique_ptr<Channel>> OpenChannel() override {
    auto channel = std::make_unique<PreadChannel>(file_, &totals_);
    ASHLAR_RETURN_IF_ERROR(channel->Open());
    return std::unique_ptr<Channel>(std::move(channel));
  }
};

}  // namespace

std::unique_ptr<Device> NewPreadDevice(FileHandle file) {
  return std::make_unique<PreadDevice>(std::move(file));
}

}  // namespace ashlar
