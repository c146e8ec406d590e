#include "cpp/device/uring_channel.h"

#include <fcntl.h>
#include <liburing.h>
#include <linux/falloc.h>

#include <algorithm>
#include <cerrno>

#include "cpp/base/check.h"
#include "cpp/device/file_io.h"
#include "cpp/device/request_check.h"
#include "cpp/device/request_list.h"

namespace ashlar {

namespace {

constexpr uint32_t kQueueDepth = 256;
// A request that the kernel keeps answering with EAGAIN or EINTR fails after so many attempts.
constexpr uint32_t kMaxRetries = 64;
// So does everything queued when the kernel has taken nothing at all this many polls in a row.
constexpr uint32_t kMaxRefusals = 100'000;

// At most kQueueDepth requests have an entry in the ring, queued or in the kernel, so neither of
// its two queues can overflow; the rest waits in a list.
class UringChannel final : public Channel {
 public:
  UringChannel(const FileHandle& file, DeviceTotals* totals) : file_(file), counters_(totals) {}
  ~UringChannel() override;

  Status Open(const UringFeatures& features);

  void Submit(IoRequest* request) override;
  int Poll() override;
  uint32_t in_flight() const override { return in_flight_; }
  int wake_fd() const override { return ring_.ring_fd; }

 private:
  void Enqueue(IoRequest* request);
  void PrepareEntry(io_uring_sqe* entry, const IoRequest& request);
  void EnqueueWaiting();
  bool MustEnterKernel() const;
  void EnterKernel();
  void FailQueued(int sys_errno);
  void Reap();
  void Complete(IoRequest* request, int32_t kernel_result);
  void Retry(IoRequest* request, int32_t kernel_result);
  void Finish(IoRequest* request, int32_t result);
  int CallDone();

  const FileHandle& file_;
  AttachedCounters counters_;
  io_uring ring_{};
  bool ring_is_open_ = false;
  bool file_is_registered_ = false;
  uint32_t in_flight_ = 0;  // submitted and not done
  uint32_t in_ring_ = 0;    // of these, have an entry in the ring
  uint32_t refusals_ = 0;   // times in a row that the kernel took nothing
  RequestList waiting_;     // for an entry in the ring
  RequestList finished_;    // for their `done`
};

Status UringChannel::Open(const UringFeatures& features) {
  const int failure = io_uring_queue_init(kQueueDepth, &ring_, features.setup_flags);
  if (failure != 0) {
    return Status::FromErrno(-failure, "io_uring for '" + file_.info.name +
                                           "'; raise the limits on open files and locked memory");
  }
  ring_is_open_ = true;
  // Both only save the kernel a look-up for each call.
  const int fd = file_.fd.get();
  file_is_registered_ = io_uring_register_files(&ring_, &fd, 1) == 0;
  io_uring_register_ring_fd(&ring_);
  return Status::Ok();
}

UringChannel::~UringChannel() {
  ASHLAR_CHECK(in_flight_ == 0);
  if (ring_is_open_) io_uring_queue_exit(&ring_);
}

void UringChannel::Submit(IoRequest* request) {
  ++in_flight_;
  request->channel_progress_bytes = 0;
  request->channel_retries = 0;
  const int refusal = CheckRequest(file_.info, file_.read_only, *request);
  if (refusal != 0) {
    Finish(request, refusal);
  } else if (in_ring_ < kQueueDepth) {
    Enqueue(request);
  } else {
    waiting_.PushBack(request);
  }
}

int UringChannel::Poll() {
  if (MustEnterKernel()) EnterKernel();
  Reap();
  EnqueueWaiting();
  const int count = CallDone();
  if (count == 0 && io_uring_sq_ready(&ring_) > 0) return 1;  // resumed, or refused for now
  return count;
}

void UringChannel::Enqueue(IoRequest* request) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  ASHLAR_CHECK(entry != nullptr);
  PrepareEntry(entry, *request);
  io_uring_sqe_set_data(entry, request);
  ++in_ring_;
}

void UringChannel::PrepareEntry(io_uring_sqe* entry, const IoRequest& request) {
  const int fd = file_is_registered_ ? 0 : file_.fd.get();
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
  unsigned flags = file_is_registered_ ? IOSQE_FIXED_FILE : 0u;
  // A kernel thread may wait where the first attempt, in ours, might not.
  if (request.channel_retries > 0) flags |= IOSQE_ASYNC;
  io_uring_sqe_set_flags(entry, flags);
}

void UringChannel::EnqueueWaiting() {
  while (in_ring_ < kQueueDepth && !waiting_.empty()) {
    Enqueue(waiting_.PopFront());
  }
}

// Something to submit, or completions that the kernel hands over only when asked.
bool UringChannel::MustEnterKernel() const {
  return io_uring_sq_ready(&ring_) > 0 ||
         (IO_URING_READ_ONCE(*ring_.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

void UringChannel::EnterKernel() {
  const int submitted = io_uring_submit_and_get_events(&ring_);
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
    Finish(reinterpret_cast<IoRequest*>(static_cast<uintptr_t>(entry.user_data)), -sys_errno);
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
    Complete(static_cast<IoRequest*>(io_uring_cqe_get_data(completion)), completion->res);
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
    Finish(request, 0);
    return;
  }
  const uint32_t moved = ResumableBytes(file_.info, static_cast<uint32_t>(kernel_result));
  request->channel_progress_bytes += moved;
  if (request->channel_progress_bytes == request->length_bytes) {
    Finish(request, 0);
  } else if (moved == 0) {
    Finish(request, -EIO);
  } else {
    waiting_.PushBack(request);
  }
}

void UringChannel::Retry(IoRequest* request, int32_t kernel_result) {
  const bool passes = kernel_result == -EINTR || kernel_result == -EAGAIN;
  if (passes && ++request->channel_retries < kMaxRetries) {
    waiting_.PushBack(request);
  } else {
    Finish(request, kernel_result);
  }
}

void UringChannel::Finish(IoRequest* request, int32_t result) {
  request->result = result;
  finished_.PushBack(request);
}

// Those that `done` submits and that fail at once are left for the next poll.
int UringChannel::CallDone() {
  RequestList batch;
  batch.Append(finished_);
  int count = 0;
  while (IoRequest* request = batch.PopFront()) {
    if (request->result == 0) counters_.Count(*request);
    --in_flight_;
    ++count;
    request->done(request);
  }
  return count;
}

}  // namespace

Result<std::unique_ptr<Channel>> OpenUringChannel(const FileHandle& file,
                                                  const UringFeatures& features,
                                                  DeviceTotals* totals) {
  auto channel = std::make_unique<UringChannel>(file, totals);
  ASHLAR_RETURN_IF_ERROR(channel->Open(features));
  return std::unique_ptr<Channel>(std::move(channel));
}

}  // namespace ashlar
