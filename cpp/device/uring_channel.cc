#include "cpp/device/uring_channel.h"

#include <fcntl.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cpp/base/check.h"
#include "cpp/base/units.h"
#include "cpp/device/file_io.h"
#include "cpp/device/open_requests.h"
#include "cpp/device/request_check.h"
#include "cpp/device/request_list.h"
#include "cpp/device/write_bundle.h"

namespace ashlar {

namespace {

constexpr uint32_t kQueueDepth = 256;
// A request that the kernel keeps answering with EAGAIN or EINTR fails after so many attempts.
constexpr uint32_t kMaxRetries = 64;
// So does everything queued when the kernel has taken nothing at all this many polls in a row.
constexpr uint32_t kMaxRefusals = 100'000;

// Reads queued here go to the kernel when they are more than this part of those it has.
constexpr uint32_t kBusyShare = 4;

// A write of this length gains nothing from neighbours.
constexpr uint32_t kLoneWriteBytes = 128 * kKiB;

// What an entry of the ring stands for: a request, or (lowest bit set) a bundle of writes.
constexpr uint64_t kBundleTag = 1;

uint64_t TagOf(const IoRequest* request) { return reinterpret_cast<uintptr_t>(request); }
uint64_t TagOf(const WriteBundle* bundle) {
  return reinterpret_cast<uintptr_t>(bundle) | kBundleTag;
}
bool IsBundle(uint64_t tag) { return (tag & kBundleTag) != 0; }
IoRequest* RequestOf(uint64_t tag) {
  return reinterpret_cast<IoRequest*>(static_cast<uintptr_t>(tag));
}
WriteBundle* BundleOf(uint64_t tag) {
  return reinterpret_cast<WriteBundle*>(static_cast<uintptr_t>(tag & ~kBundleTag));
}

// At most kQueueDepth requests have an entry in the ring, queued or in the kernel, so neither of
// its two queues can overflow; the rest waits in a list.
class UringChannel final : public Channel {
 public:
  UringChannel(const FileHandle& file, DeviceTotals* totals) : file_(file), requests_(totals) {}
  ~UringChannel() override;

  Status Open(const UringFeatures& features, ChannelUsers users);

  void Submit(IoRequest* request) override;
  int Poll() override;
  uint32_t in_flight() const override { return requests_.count(); }
  int wake_fd() const override { return wake_fd_.get(); }
  void AnnounceSleep() override;
  void AnnounceWake() override;

 private:
  void Enqueue(IoRequest* request);
  bool TryJoinLastWrite(IoRequest* request);
  void PrepareEntry(io_uring_sqe* entry, const IoRequest& request);
  void PrepareBundle(io_uring_sqe* entry, const WriteBundle& bundle);
  int Target() const { return file_is_registered_ ? 0 : file_.fd.get(); }
  void SetFlags(io_uring_sqe* entry, bool retried);
  void EnqueueWaiting();
  bool DriveIsHungry() const;
  bool MustEnterKernel() const;
  void EnterKernel();
  void FailQueued(int sys_errno);
  void Reap();
  void Complete(IoRequest* request, int32_t kernel_result);
  void CompleteBundle(WriteBundle* bundle, int32_t kernel_result);
  void Retry(IoRequest* request, int32_t kernel_result);

  const FileHandle& file_;
  OpenRequests requests_;
  io_uring ring_{};
  UniqueFd wake_fd_;  // an eventfd; the ring signals it while a sleep is announced
  bool ring_is_open_ = false;
  bool must_look_ = false;  // ask the kernel for completions even if it announces none
  bool file_is_registered_ = false;
  uint32_t in_ring_ = 0;   // requests that have an entry in the ring
  uint32_t refusals_ = 0;  // times in a row that the kernel took nothing
  // The newest write in the ring that the kernel has not been given yet, or null.
  io_uring_sqe* last_write_ = nullptr;
  WriteBundlePool bundles_;
  RequestList waiting_;  // for an entry in the ring
};

Status UringChannel::Open(const UringFeatures& features, ChannelUsers users) {
  const bool one_thread = users == ChannelUsers::kOneThread;
  const unsigned flags = one_thread ? features.setup_flags : features.shared_setup_flags;
  const int failure = io_uring_queue_init(kQueueDepth, &ring_, flags);
  if (failure != 0) {
    return Status::FromErrno(-failure, "io_uring for '" + file_.info.name +
                                           "'; raise the limits on open files and locked memory");
  }
  ring_is_open_ = true;
  wake_fd_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_fd_.valid()) return Status::FromErrno(errno, "eventfd for '" + file_.info.name + "'");
  const int refusal = io_uring_register_eventfd(&ring_, wake_fd_.get());
  if (refusal != 0) {
    return Status::FromErrno(-refusal, "eventfd of io_uring for '" + file_.info.name + "'");
  }
  io_uring_cq_eventfd_toggle(&ring_, false);
  // Both only save the kernel a look-up for each call. The second counts for this thread alone.
  const int fd = file_.fd.get();
  file_is_registered_ = io_uring_register_files(&ring_, &fd, 1) == 0;
  if (one_thread) io_uring_register_ring_fd(&ring_);
  return Status::Ok();
}

UringChannel::~UringChannel() {
  ASHLAR_CHECK(requests_.count() == 0);
  if (!ring_is_open_) return;
  // The kernel takes a closed ring apart later; the file must be free to open at once.
  if (file_is_registered_) io_uring_unregister_files(&ring_);
  io_uring_queue_exit(&ring_);
}

// A completion that came before the kernel sees the new setting is found by the Poll() that
// follows, which for that reason asks the kernel and does not trust its flags.
void UringChannel::AnnounceSleep() {
  io_uring_cq_eventfd_toggle(&ring_, true);
  __sync_synchronize();  // atomic_thread_fence does not compile for ThreadSanitizer
  must_look_ = in_ring_ > 0;
}

void UringChannel::AnnounceWake() {
  io_uring_cq_eventfd_toggle(&ring_, false);
  uint64_t signals;
  [[maybe_unused]] const ssize_t drained = read(wake_fd_.get(), &signals, sizeof(signals));
}

void UringChannel::Submit(IoRequest* request) {
  requests_.Begin();
  request->channel_progress_bytes = 0;
  request->channel_retries = 0;
  const int refusal = CheckRequest(file_.info, file_.read_only, *request);
  if (refusal != 0) {
    requests_.Finish(request, refusal);
  } else if (TryJoinLastWrite(request)) {
    // It travels with its neighbour.
  } else if (in_ring_ < kQueueDepth) {
    Enqueue(request);
    const bool moves_data =
        request->op == IoRequest::Op::kRead || request->op == IoRequest::Op::kWrite;
    if (moves_data && DriveIsHungry()) EnterKernel();
  } else {
    waiting_.PushBack(request);
  }
}

// A drive that has little to do is given requests at once, one that is busy gets them in batches,
// which cost fewer system calls. Without this a drive that completes many requests together stands
// idle until all of them have been handled and replaced. Small writes wait for neighbours to join
// them.
bool UringChannel::DriveIsHungry() const {
  const uint32_t queued = io_uring_sq_ready(&ring_);
  const uint32_t in_kernel = in_ring_ - queued;
  return last_write_ == nullptr && queued > in_kernel / kBusyShare;
}

int UringChannel::Poll() {
  if (MustEnterKernel()) EnterKernel();
  Reap();
  EnqueueWaiting();
  const int count = requests_.CallDone();
  // Resumed requests, entries refused for now, or work of the kernel's that it does a part at a
  // time and that no eventfd announces again.
  if (count == 0 && MustEnterKernel()) return 1;
  return count;
}

void UringChannel::Enqueue(IoRequest* request) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  ASHLAR_CHECK(entry != nullptr);
  PrepareEntry(entry, *request);
  entry->user_data = TagOf(request);
  if (request->op == IoRequest::Op::kWrite) {
    // One that was resumed or refused goes alone, and so does a large one.
    const bool may_be_joined = request->channel_progress_bytes == 0 &&
                               request->channel_retries == 0 &&
                               request->length_bytes < kLoneWriteBytes;
    last_write_ = may_be_joined ? entry : nullptr;
  }
  ++in_ring_;
}

bool UringChannel::TryJoinLastWrite(IoRequest* request) {
  if (last_write_ == nullptr || request->op != IoRequest::Op::kWrite ||
      request->channel_progress_bytes > 0 || request->channel_retries > 0) {
    return false;
  }
  const uint64_t tag = last_write_->user_data;
  if (IsBundle(tag)) {
    if (!BundleOf(tag)->TryAppend(request)) return false;
    PrepareBundle(last_write_, *BundleOf(tag));
    return true;
  }
  IoRequest* neighbour = RequestOf(tag);
  if (neighbour->offset_bytes + neighbour->length_bytes != request->offset_bytes) {
    return false;
  }
  WriteBundle* bundle = bundles_.Take();
  if (bundle == nullptr) return false;
  bundle->Start(neighbour);
  if (!bundle->TryAppend(request)) {
    bundles_.Give(bundle);
    return false;
  }
  PrepareBundle(last_write_, *bundle);
  return true;
}

void UringChannel::PrepareBundle(io_uring_sqe* entry, const WriteBundle& bundle) {
  io_uring_prep_writev(entry, Target(), bundle.vectors(), bundle.vector_count(),
                       bundle.offset_bytes());
  entry->user_data = TagOf(&bundle);
  SetFlags(entry, false);
}

void UringChannel::SetFlags(io_uring_sqe* entry, bool retried) {
  unsigned flags = file_is_registered_ ? IOSQE_FIXED_FILE : 0u;
  // A kernel thread may wait where the first attempt, in ours, might not.
  if (retried) flags |= IOSQE_ASYNC;
  io_uring_sqe_set_flags(entry, flags);
}

void UringChannel::PrepareEntry(io_uring_sqe* entry, const IoRequest& request) {
  const int fd = Target();
  const uint64_t offset = request.offset_bytes + request.channel_progress_bytes;
  const uint32_t length =
      std::min(request.length_bytes - request.channel_progress_bytes, kMaxTransferBytes);
  uint8_t* data = static_cast<uint8_t*>(request.data) + request.channel_progress_bytes;
  switch (request.op) {
    case IoRequest::Op::kRead:
      io_uring_prep_read(entry, fd, data, length, offset);
      break;
    case IoRequest::Op::kWrite:
      io_uring_prep_write(entry, fd, data, length, offset);
      break;
    case IoRequest::Op::kFlush:
      // Covers what has completed by now, which is all that a flush promises.
      io_uring_prep_fsync(entry, fd, IORING_FSYNC_DATASYNC);
      break;
    case IoRequest::Op::kDiscard:
      io_uring_prep_fallocate(entry, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                              static_cast<off_t>(request.offset_bytes),
                              static_cast<off_t>(request.length_bytes));
      break;
  }
  SetFlags(entry, request.channel_retries > 0);
}

void UringChannel::EnqueueWaiting() {
  while (in_ring_ < kQueueDepth && !waiting_.empty()) {
    IoRequest* request = waiting_.PopFront();
    if (!TryJoinLastWrite(request)) Enqueue(request);
  }
}

// Something to submit, or completions that the kernel hands over only when asked.
bool UringChannel::MustEnterKernel() const {
  return io_uring_sq_ready(&ring_) > 0 ||
         (IO_URING_READ_ONCE(*ring_.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

void UringChannel::EnterKernel() {
  const int submitted = io_uring_submit_and_get_events(&ring_);
  last_write_ = nullptr;
  must_look_ = false;
  if (submitted > 0 || io_uring_sq_ready(&ring_) == 0) {
    refusals_ = 0;
    return;
  }
  const bool for_now = submitted == 0 || submitted == -EAGAIN || submitted == -EBUSY ||
                       submitted == -EINTR || submitted == -ENOMEM;
  if (!for_now || ++refusals_ == kMaxRefusals) {
    refusals_ = 0;
    FailQueued(submitted == 0 ? EAGAIN : -submitted);
  }
}

// Takes back the entries that the kernel has not consumed. Without a kernel-side polling thread,
// which we never ask for, it looks at them only inside the call that has just returned.
void UringChannel::FailQueued(int sys_errno) {
  io_uring_sq& queue = ring_.sq;
  const unsigned consumed = *queue.khead;
  for (unsigned i = consumed; i != queue.sqe_tail; ++i) {
    const io_uring_sqe& entry = queue.sqes[i & *queue.kring_mask];
    if (IsBundle(entry.user_data)) {
      CompleteBundle(BundleOf(entry.user_data), -sys_errno);
    } else {
      requests_.Finish(RequestOf(entry.user_data), -sys_errno);
    }
    --in_ring_;
  }
  queue.sqe_head = queue.sqe_tail = consumed;
  *queue.ktail = consumed;
}

void UringChannel::Reap() {
  unsigned head;
  unsigned count = 0;
  io_uring_cqe* completion;
  io_uring_for_each_cqe(&ring_, head, completion) {
    ++count;
    const uint64_t tag = completion->user_data;
    if (IsBundle(tag)) {
      CompleteBundle(BundleOf(tag), completion->res);
    } else {
      Complete(RequestOf(tag), completion->res);
    }
  }
  io_uring_cq_advance(&ring_, count);
  in_ring_ -= count;
}

void UringChannel::Complete(IoRequest* request, int32_t kernel_result) {
  if (kernel_result < 0) {
    Retry(request, kernel_result);
    return;
  }
  if (request->op == IoRequest::Op::kFlush || request->op == IoRequest::Op::kDiscard) {
    requests_.Finish(request, 0);
    return;
  }
  const uint32_t moved = ResumableBytes(file_.info, static_cast<uint32_t>(kernel_result));
  request->channel_progress_bytes += moved;
  if (request->channel_progress_bytes == request->length_bytes) {
    requests_.Finish(request, 0);
  } else if (moved == 0) {
    requests_.Finish(request, -EIO);
  } else {
    waiting_.PushBack(request);
  }
}

void UringChannel::CompleteBundle(WriteBundle* bundle, int32_t kernel_result) {
  const bool complete =
      kernel_result >= 0 && static_cast<uint32_t>(kernel_result) == bundle->length_bytes();
  while (IoRequest* request = bundle->requests().PopFront()) {
    if (complete) {
      requests_.Finish(request, 0);
    } else {
      request->channel_retries = 1;  // alone this time, for a result of its own
      waiting_.PushBack(request);
    }
  }
  bundles_.Give(bundle);
}

void UringChannel::Retry(IoRequest* request, int32_t kernel_result) {
  // Cancelled: the thread that submitted it has ended, on a channel that several threads use.
  const bool passes =
      kernel_result == -EINTR || kernel_result == -EAGAIN || kernel_result == -ECANCELED;
  if (passes && ++request->channel_retries < kMaxRetries) {
    waiting_.PushBack(request);
  } else {
    requests_.Finish(request, kernel_result);
  }
}

}  // namespace

Result<std::unique_ptr<Channel>> OpenUringChannel(const FileHandle& file,
                                                  const UringFeatures& features, ChannelUsers users,
                                                  DeviceTotals* totals) {
  auto channel = std::make_unique<UringChannel>(file, totals);
  ASHLAR_RETURN_IF_ERROR(channel->Open(features, users));
  return std::unique_ptr<Channel>(std::move(channel));
}

}  // namespace ashlar
