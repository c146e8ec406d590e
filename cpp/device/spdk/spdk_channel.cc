#include "cpp/device/spdk/spdk_channel.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "cpp/base/check.h"
#include "cpp/base/units.h"
#include "cpp/device/open_requests.h"
#include "cpp/device/request_check.h"
#include "cpp/device/request_list.h"
#include "cpp/device/spdk/bounce.h"
#include "cpp/device/spdk/compat.h"
#include "cpp/device/spdk/io_thread.h"
#include "cpp/device/spdk/spdk_device.h"
#include "cpp/device/unique_fd.h"

namespace ashlar::spdk {

namespace {

// Reads of up to so many bytes are copied by us where the bdev lends its memory: then copies follow
// one another and the CPU can be told what comes next, which halves the cost of a page.
constexpr uint32_t kMaxLentBytes = 16 * kPageBytes;
constexpr size_t kStepBytes = 256;  // divides a sector
constexpr size_t kCacheLineBytes = 64;
// So many reads ahead the address is translated already; otherwise prefetching waits for that.
constexpr size_t kTranslatedAhead = 3;

class SpdkChannel final : public Channel {
 public:
  SpdkChannel(SpdkDevice* device, std::shared_ptr<IoThread> thread, spdk_io_channel* channel,
              UniqueFd wake_fd)
      : device_(device),
        thread_(std::move(thread)),
        channel_(channel),
        wake_fd_(std::move(wake_fd)),
        requests_(device->totals()) {}
  ~SpdkChannel() override {
    ASHLAR_CHECK(requests_.count() == 0);
    const IoThread::Use use(*thread_);
    thread_->AnnounceWake();
    while (in_spdk_ > 0) thread_->Poll();
    LetGo();
    thread_->Forget(device_->info().name);
  }

  void Submit(IoRequest* request) override;
  int Poll() override;
  uint32_t in_flight() const override { return std::max(requests_.count(), in_spdk_); }
  int wake_fd() const override { return wake_fd_.get(); }
  bool must_poll() const override {
    return in_flight() > 0 && (!thread_->is_asleep() || !waiting_.empty());
  }
  int max_sleep_ms() const override { return thread_->max_sleep_ms(); }
  void AnnounceSleep() override;
  void AnnounceWake() override;

 private:
  // Memory of the bdev with what is to be read, to be given back.
  struct Lent {
    IoRequest* request;
    spdk_bdev_io* io;
    std::span<const iovec> pieces;
    const uint8_t* first_byte() const { return static_cast<uint8_t*>(pieces.front().iov_base); }
  };

  void Start(IoRequest* request);
  int IssueLoan(IoRequest* request);
  int TakeLent();
  static void CopyOut(const Lent& lent, const uint8_t* next);
  int Issue(IoRequest* request);
  int IssueBounced(IoRequest* request);
  int IssuePiece(Bounce* bounce);
  void OnPieceDone(Bounce* bounce, int result);
  bool MayMoveDirectly(const IoRequest& request) const;
  void ServeWaiting();
  void FailWaiting();
  void Finish(IoRequest* request, int result);
  void Issued() { ++in_spdk_; }
  void Answered() {
    --in_spdk_;
    thread_->CountDone();
  }
  void LetGo();

  static SpdkChannel* Of(const IoRequest* request) {
    return static_cast<SpdkChannel*>(request->channel);
  }
  static int ResultOf(spdk_bdev_io* io, bool success);
  static void OnDone(spdk_bdev_io* io, bool success, void* request);
  static void OnLent(spdk_bdev_io* io, bool success, void* request);
  static void OnReturned(spdk_bdev_io* io, bool success, void* self);
  static void OnBounced(spdk_bdev_io* io, bool success, void* bounce);

  SpdkDevice* const device_;
  const std::shared_ptr<IoThread> thread_;
  spdk_io_channel* channel_;  // null once the bdev is gone and has been let go
  const UniqueFd wake_fd_;    // the thread's, but its own: a reactor wants one of each channel
  OpenRequests requests_;
  BouncePool bounces_;
  std::vector<Lent> lent_;  // during Poll
  uint32_t in_spdk_ = 0;    // calls to SPDK that it has not answered
  RequestList waiting_;     // for memory of SPDK's or a bounce: each Poll tries again
};

// SPDK is entered once for all that was submitted in a turn: in Poll().
void SpdkChannel::Submit(IoRequest* request) {
  requests_.Begin();
  request->channel = this;
  request->channel_progress_bytes = 0;
  const int refusal = CheckRequest(device_->info(), device_->read_only(), *request);
  if (refusal != 0) {
    Finish(request, refusal);
  } else {
    waiting_.PushBack(request);
  }
  if (thread_->is_asleep()) [[unlikely]]
    thread_->Nudge();
}

int SpdkChannel::Poll() {
  const IoThread::Use use(*thread_);
  if (!waiting_.empty()) ServeWaiting();
  thread_->Poll();
  if (device_->is_gone()) [[unlikely]] {
    FailWaiting();
    if (in_spdk_ == 0) LetGo();
  }
  const bool has_lent = !lent_.empty();
  const int ended = requests_.CallDone();
  return has_lent ? ended + TakeLent() : ended;  // the last of all may close this channel
}

void SpdkChannel::AnnounceSleep() {
  const IoThread::Use use(*thread_);
  thread_->AnnounceSleep();
}

void SpdkChannel::AnnounceWake() {
  if (!thread_->announced()) return;  // by another channel of this thread
  const IoThread::Use use(*thread_);
  thread_->AnnounceWake();
}

void SpdkChannel::Start(IoRequest* request) {
  const int failure = device_->is_gone() ? -ENODEV : Issue(request);
  if (failure == -ENOMEM) {
    waiting_.PushBack(request);
  } else if (failure != 0) {
    Finish(request, failure);
  }
}

// 0 if SPDK has taken it, or it is done already.
int SpdkChannel::Issue(IoRequest* request) {
  spdk_bdev_desc* const descriptor = device_->descriptor();
  int failure = 0;
  switch (request->op) {
    case IoRequest::Op::kRead:
      if (device_->lends() && request->length_bytes <= kMaxLentBytes) {
        failure = IssueLoan(request);
        break;
      }
      if (!MayMoveDirectly(*request)) return IssueBounced(request);
      failure = spdk_bdev_read(descriptor, channel_, request->data, request->offset_bytes,
                               request->length_bytes, &OnDone, request);
      break;
    case IoRequest::Op::kWrite:
      if (!MayMoveDirectly(*request)) return IssueBounced(request);
      failure = spdk_bdev_write(descriptor, channel_, request->data, request->offset_bytes,
                                request->length_bytes, &OnDone, request);
      break;
    case IoRequest::Op::kFlush:
      if (!device_->can_flush()) {  // stated to be non-volatile, or read-only
        Finish(request, 0);
        return 0;
      }
      failure =
          spdk_bdev_flush(descriptor, channel_, 0, device_->info().size_bytes, &OnDone, request);
      break;
    case IoRequest::Op::kDiscard:
      failure = spdk_bdev_unmap(descriptor, channel_, request->offset_bytes, request->length_bytes,
                                &OnDone, request);
      break;
  }
  if (failure == 0) Issued();
  return failure;
}

int SpdkChannel::IssueLoan(IoRequest* request) {
  const uint32_t block_bytes = device_->info().sector_bytes;
  return spdk_bdev_zcopy_start(
      device_->descriptor(), channel_, nullptr, 0, request->offset_bytes / block_bytes,
      request->length_bytes / block_bytes, /*populate=*/true, &OnLent, request);
}

// Whether the bdev's hardware can reach the caller's memory.
bool SpdkChannel::MayMoveDirectly(const IoRequest& request) const {
  if (device_->takes_any_memory()) return true;
  const auto* first = static_cast<const uint8_t*>(request.data);
  return spdk_vtophys(first, nullptr) != SPDK_VTOPHYS_ERROR &&
         spdk_vtophys(first + request.length_bytes - 1, nullptr) != SPDK_VTOPHYS_ERROR;
}

// One piece after the other through a buffer of DMA memory.
int SpdkChannel::IssueBounced(IoRequest* request) {
  Bounce* bounce = bounces_.Take();
  if (bounce == nullptr) {
    if (!bounces_.empty()) return -ENOMEM;
    Finish(request, -ENOMEM);  // none can be had at all
    return 0;
  }
  bounce->request = request;
  const int failure = IssuePiece(bounce);
  if (failure != 0) bounces_.Give(bounce);
  return failure;
}

int SpdkChannel::IssuePiece(Bounce* bounce) {
  const IoRequest& request = *bounce->request;
  const uint32_t done_bytes = request.channel_progress_bytes;
  const uint64_t offset_bytes = request.offset_bytes + done_bytes;
  bounce->length_bytes = std::min(request.length_bytes - done_bytes, Bounce::kBytes);
  int failure = 0;
  if (request.op == IoRequest::Op::kRead) {
    failure = spdk_bdev_read(device_->descriptor(), channel_, bounce->data, offset_bytes,
                             bounce->length_bytes, &OnBounced, bounce);
  } else {
    std::memcpy(bounce->data, static_cast<const uint8_t*>(request.data) + done_bytes,
                bounce->length_bytes);
    failure = spdk_bdev_write(device_->descriptor(), channel_, bounce->data, offset_bytes,
                              bounce->length_bytes, &OnBounced, bounce);
  }
  if (failure == 0) Issued();
  return failure;
}

void SpdkChannel::OnPieceDone(Bounce* bounce, int result) {
  IoRequest* request = bounce->request;
  if (result == 0 && request->op == IoRequest::Op::kRead) {
    std::memcpy(static_cast<uint8_t*>(request->data) + request->channel_progress_bytes,
                bounce->data, bounce->length_bytes);
  }
  request->channel_progress_bytes += bounce->length_bytes;
  bounces_.Give(bounce);
  if (result != 0 || request->channel_progress_bytes == request->length_bytes) {
    Finish(request, result);
  } else {
    Start(request);
  }
}

int SpdkChannel::ResultOf(spdk_bdev_io* io, bool success) {
  int result = 0;
  if (!success) {
    spdk_bdev_io_get_aio_status(io, &result);
    if (result >= 0) result = -EIO;
  }
  spdk_bdev_free_io(io);
  return result;
}

void SpdkChannel::OnDone(spdk_bdev_io* io, bool success, void* argument) {
  auto* request = static_cast<IoRequest*>(argument);
  SpdkChannel* self = Of(request);
  self->Answered();
  self->Finish(request, ResultOf(io, success));
}

void SpdkChannel::OnLent(spdk_bdev_io* io, bool success, void* argument) {
  auto* request = static_cast<IoRequest*>(argument);
  if (!success) return OnDone(io, false, argument);
  iovec* pieces = nullptr;
  int count = 0;
  spdk_bdev_io_get_iovec(io, &pieces, &count);
  Of(request)->lent_.push_back({request, io, {pieces, static_cast<size_t>(count)}});
}

void SpdkChannel::OnReturned(spdk_bdev_io* io, bool /*success*/, void* self) {
  --static_cast<SpdkChannel*>(self)->in_spdk_;
  spdk_bdev_free_io(io);
}

// Each copy is followed by the request's end, where the page is checked while it is in the cache.
// Meanwhile the next page is on its way there.
int SpdkChannel::TakeLent() {
  const size_t count = lent_.size();
  for (size_t i = 0; i < count; ++i) {
    const Lent lent = lent_[i];
    __builtin_prefetch(lent_[std::min(i + kTranslatedAhead, count - 1)].first_byte());
    CopyOut(lent, lent_[std::min(i + 1, count - 1)].first_byte());
    const int failure = spdk_bdev_zcopy_end(lent.io, /*commit=*/false, &OnReturned, this);
    if (failure != 0) OnReturned(lent.io, false, this);
    if (i + 1 == count) lent_.clear();
    lent.request->result = 0;
    requests_.End(lent.request);
  }
  return static_cast<int>(count);
}

void SpdkChannel::CopyOut(const Lent& lent, const uint8_t* next) {
  auto* to = static_cast<uint8_t*>(lent.request->data);
  if (lent.pieces.size() > 1) {
    for (const iovec& piece : lent.pieces) {
      std::memcpy(to, piece.iov_base, piece.iov_len);
      to += piece.iov_len;
    }
    return;
  }
  const uint8_t* from = lent.first_byte();
  for (size_t at = 0; at < lent.request->length_bytes; at += kStepBytes) {
    for (size_t line = 0; line < kStepBytes; line += kCacheLineBytes) {
      __builtin_prefetch(next + at + line, 0, 0);  // reads once: not worth a place in the L2 cache
    }
    std::memcpy(to + at, from + at, kStepBytes);
  }
}

void SpdkChannel::OnBounced(spdk_bdev_io* io, bool success, void* argument) {
  auto* bounce = static_cast<Bounce*>(argument);
  SpdkChannel* self = Of(bounce->request);
  self->Answered();
  self->OnPieceDone(bounce, ResultOf(io, success));
}

// Those for whom there is no memory yet come back to the list. SPDK's own queue of those who wait
// is served only by I/O of the same thread, so a thread without any would wait in it for ever.
void SpdkChannel::ServeWaiting() {
  RequestList batch;
  batch.Append(waiting_);
  while (IoRequest* request = batch.PopFront()) {
    if (waiting_.empty()) {
      Start(request);
    } else {
      waiting_.PushBack(request);
    }
  }
}

void SpdkChannel::FailWaiting() {
  while (IoRequest* request = waiting_.PopFront()) Finish(request, -ENODEV);
}

void SpdkChannel::Finish(IoRequest* request, int result) {
  // What a bdev says that is being taken away depends on its kind.
  requests_.Finish(request, result != 0 && device_->is_gone() ? -ENODEV : result);
}

void SpdkChannel::LetGo() {
  if (channel_ != nullptr) device_->PutChannel(std::exchange(channel_, nullptr));
}

}  // namespace

Result<std::unique_ptr<Channel>> OpenSpdkChannel(SpdkDevice* device, bool shared) {
  Result<std::shared_ptr<IoThread>> thread = shared ? IoThread::MakeShared() : IoThread::Acquire();
  if (!thread.ok()) return thread.status();
  const IoThread::Use use(**thread);
  spdk_io_channel* channel =
      (*thread)->Watch(device->info().name, [&] { return device->GetChannel(); });
  if (channel == nullptr) {
    if (device->is_gone()) return Status::FromErrno(ENODEV, "bdev " + device->info().name);
    return Status::OutOfMemory("a channel of bdev " + device->info().name +
                               "; give SPDK more memory (memory_mib)");
  }
  UniqueFd wake_fd;
  if (const int fd = (*thread)->wake_fd(); fd >= 0) {
    wake_fd = UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!wake_fd.valid()) {
      const Status failed =
          Status::FromErrno(errno, "a descriptor for bdev " + device->info().name);
      device->PutChannel(channel);
      (*thread)->Forget(device->info().name);
      return failed;
    }
  }
  return std::unique_ptr<Channel>(new SpdkChannel(device, *thread, channel, std::move(wake_fd)));
}

}  // namespace ashlar::spdk
