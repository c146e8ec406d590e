#include "cpp/chunk/store_reactor.h"

#include <algorithm>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/base/zeros.h"
#include "cpp/chunk/op_reactor.h"
#include "cpp/chunk/space_manager.h"
#include "cpp/chunk/store_core.h"

namespace ashlar {

static_assert(LaidOutPages::kRunPages * kPageBytes <= kZerosBytes);

StoreReactor::StoreReactor(StoreCore& core, OpReactor& ops, uint32_t index)
    : core_(core),
      ops_(ops),
      directory_(core.directory()),
      index_(index),
      memory_alignment_(core.device().info().memory_alignment),
      lays_out_(core.device().info().records_first_writes) {
  request_.from = this;
}

Reactor& StoreReactor::reactor() { return ops_.reactor(); }

Status StoreReactor::OpenChannel() {
  Device& device = core_.device();
  Result<std::unique_ptr<Channel>> channel =
      reactor().is_driven() ? device.OpenSharedChannel() : device.OpenChannel();
  if (!channel.ok()) return channel.status();
  channel_ = std::make_unique<ChannelPoller>(std::move(channel).value());
  reactor().AddPoller(channel_.get());
  return Status::Ok();
}

void StoreReactor::CloseChannel() {
  if (channel_ == nullptr) return;
  reactor().RemovePoller(channel_.get());
  channel_.reset();
}

bool StoreReactor::BeginOp() {
  if (draining_) return false;
  ++ops_in_flight_;
  return true;
}

void StoreReactor::EndOp() {
  --ops_in_flight_;
  if (ops_in_flight_ == 0 && drained_) std::exchange(drained_, {}).resume();
}

void StoreReactor::CountUsed(int64_t change) {
  used_change_.store(used_change_.load(std::memory_order_relaxed) + change,
                     std::memory_order_relaxed);
}

void StoreReactor::CountInternalError() { core_.CountInternalError(); }

// --- pages -----------------------------------------------------------------------------------

void StoreReactor::TakePages(OpState& op) {
  if (!allocating_) {
    OpReactor::Fail(op, {.code = StatusCode::kReadOnly});
    return op.go_on(op);
  }
  if (waiting_.empty() && space_.free_pages() >= op.page_count) {
    AllocateFor(op);
    if (space_.free_pages() < low_watermark_pages_) {
      RequestInAdvance();
    } else if (space_.fragmented() && !runs_refused_ && !draining_) {
      RequestSpace();
    }
    return;
  }
  laid_out_.ReleaseAll();  // perhaps that will do
  waiting_.Push(op);
  ServeWaiting();
}

void StoreReactor::AllocateFor(OpState& op) {
  const bool small = op.page_count < ReactorSpace::kSmallPages;
  if (!small || !laid_out_.Take(op.page_count, op.slot->locations)) {
    space_.Allocate(op.page_count, op.slot->locations);
  }
  if (small && lays_out_) LayOut();
  CountUsed(op.page_count);
  op.go_on(op);
}

// In order, so that a large write is not overtaken for ever by small ones. Not recursive: a write
// that fails at once frees its pages, which leads here.
void StoreReactor::ServeWaiting() {
  if (serving_) return;
  serving_ = true;
  while (!waiting_.empty() && space_.free_pages() >= waiting_.front().page_count) {
    AllocateFor(waiting_.Pop());
  }
  serving_ = false;
  if (!waiting_.empty()) RequestSpace();
}

// All that the store has was brought here, and it does not do for these.
void StoreReactor::FailWaiting(const SpaceRequest& request) {
  serving_ = true;
  while (!waiting_.empty()) {
    OpState& op = waiting_.Pop();
    if (space_.free_pages() >= op.page_count) {
      AllocateFor(op);
    } else {
      OpReactor::Fail(op, {.code = request.code, .sys_errno = request.sys_errno});
      op.go_on(op);
    }
  }
  serving_ = false;
}

bool StoreReactor::FreePages(PrivateBlob* blob, PageRun run) {
  if (!allocating_ || !space_.Free(blob, run)) return false;
  CountUsed(-int64_t{run.count});
  advance_refused_ = false;
  ReturnIfEmpty(blob);
  return true;
}

// Writes zeros to fresh pages, if there are to be more of them.
void StoreReactor::LayOut() {
  const LaidOutPages::Run run = draining_ ? LaidOutPages::Run{} : laid_out_.Begin();
  if (run.blob == nullptr) return;
  ASHLAR_CHECK(BeginOp());
  laying_out_.op = IoRequest::Op::kWrite;
  laying_out_.offset_bytes = run.blob->DeviceOffset(run.pages.first);
  laying_out_.length_bytes = run.pages.count * kPageBytes;
  laying_out_.data = Zeros();
  laying_out_.owner = this;
  laying_out_.done = [](IoRequest* request) {
    static_cast<StoreReactor*>(request->owner)->OnLaidOut(request->result == 0);
  };
  channel().Submit(&laying_out_);
}

void StoreReactor::OnLaidOut(bool written) {
  lays_out_ = written;  // writes of data will tell what is wrong
  laid_out_.End(written);
  if (!waiting_.empty()) laid_out_.ReleaseAll();
  ServeWaiting();
  EndOp();
}

void StoreReactor::AfterFrees() { ServeWaiting(); }

// --- space -----------------------------------------------------------------------------------

// Pages that are laid out and not used do not keep a blob.
void StoreReactor::ReturnIfEmpty(PrivateBlob* blob) {
  if (blob->bitmap.used() == laid_out_.PagesIn(blob)) laid_out_.Release(blob);
  if (blob->bitmap.used() == 0) ReturnIfSpare(blob);
}

// One empty blob is kept, the largest; the rest go back to the blobstore.
void StoreReactor::ReturnIfSpare(PrivateBlob* blob) {
  if (spare_ == nullptr || spare_ == blob || spare_->bitmap.used() != 0) {
    spare_ = blob;
    return;
  }
  if (!waiting_.empty()) return;
  if (spare_->pages < blob->pages) std::swap(spare_, blob);
  Return(blob);
}

void StoreReactor::Return(PrivateBlob* blob) {
  runs_refused_ = false;
  space_.Remove(blob);
  blob->owner.store(PrivateBlob::kInTransit, std::memory_order_relaxed);
  core_.Unpublish(blob);
  core_.space().Return(blob);
}

void StoreReactor::Adopt(PrivateBlob* blob) {
  space_.Add(blob);
  blob->owner.store(index_, std::memory_order_relaxed);
  low_watermark_pages_ = std::max(1u, blob->pages / 8);
  advance_refused_ = false;
  if (blob->bitmap.used() == 0) ReturnIfSpare(blob);
}

void StoreReactor::StartAllocating() {
  allocating_ = true;
  if (space_.free_pages() < low_watermark_pages_) RequestInAdvance();
}

void StoreReactor::RequestInAdvance() {
  if (!advance_refused_ && !draining_) RequestSpace();
}

void StoreReactor::RequestSpace() {
  if (request_in_flight_) return;
  request_in_flight_ = true;
  request_.for_runs = waiting_.empty() && space_.free_pages() >= low_watermark_pages_;
  request_.missing_pages = waiting_.empty() ? 0 : waiting_.front().page_count - space_.free_pages();
  request_.granted = BlobList();
  request_.granted_pages = 0;
  request_.code = StatusCode::kOk;
  request_.sys_errno = 0;
  core_.space().Request(&request_);
}

void StoreReactor::OnSpaceReply(SpaceRequest& request) {
  request_in_flight_ = false;
  while (PrivateBlob* blob = request.granted.Pop()) Adopt(blob);
  if (request.code == StatusCode::kOk) return ServeWaiting();
  if (request.missing_pages > 0 && is_laying_out()) return;  // there will be these
  if (request.missing_pages > 0) return FailWaiting(request);
  (request.for_runs ? runs_refused_ : advance_refused_) = true;
  ServeWaiting();  // writes that came meanwhile ask for themselves
}

uint64_t StoreReactor::LetGo(uint64_t pages, BlobList* given) {
  uint64_t given_pages = 0;
  while (given_pages < pages) {
    PrivateBlob* blob = space_.Emptiest();
    if (blob == nullptr || !laid_out_.Release(blob)) break;
    space_.Remove(blob);
    if (blob == spare_) spare_ = nullptr;
    blob->owner.store(PrivateBlob::kInTransit, std::memory_order_relaxed);
    given_pages += blob->bitmap.free_pages();
    given->Push(blob);
  }
  // A request of our own that waits behind the one we give for would bring too little, and be
  // repeated, while the others do the same to each other. The manager reads it only when it is
  // next.
  if (request_in_flight_ && request_.missing_pages > 0) request_.missing_pages += given_pages;
  return given_pages;
}

// --- end -------------------------------------------------------------------------------------

Task<bool> StoreReactor::Drain() {
  draining_ = true;
  struct Drained {
    StoreReactor& self;
    bool await_ready() const noexcept { return self.ops_in_flight_ == 0; }
    void await_suspend(std::coroutine_handle<> awaiting) { self.drained_ = awaiting; }
    void await_resume() const noexcept {}
  };
  Drained drained{*this};
  co_await drained;
  co_return true;
}

bool StoreReactor::TryDrain() {
  draining_ = true;
  channel().Poll();
  return ops_in_flight_ == 0;
}

void StoreReactor::LetGoOfAll() {
  allocating_ = false;
  laid_out_.ReleaseAll();
  spare_ = nullptr;
  while (PrivateBlob* blob = space_.Any()) {
    if (blob->bitmap.used() == 0) {
      Return(blob);
    } else {
      space_.Remove(blob);
      blob->owner.store(PrivateBlob::kInTransit, std::memory_order_relaxed);
    }
  }
}

}  // namespace ashlar
