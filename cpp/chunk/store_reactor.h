// One store on one reactor: its device channel and the private blobs whose pages this reactor gives
// out. Asks the space manager for more when pages run low.
//
// Thread: everything but what says otherwise belongs to the reactor.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>

#include "ashlar/status.h"
#include "cpp/chunk/blob_directory.h"
#include "cpp/chunk/laid_out_pages.h"
#include "cpp/chunk/op_state.h"
#include "cpp/chunk/reactor_space.h"
#include "cpp/runtime/channel_poller.h"
#include "cpp/runtime/reactor.h"
#include "cpp/runtime/task.h"

namespace ashlar {

class OpReactor;
class StoreCore;
class StoreReactor;

// A reactor's call for more pages. Travels to the space manager and back; one at a time.
struct SpaceRequest : Message {
  StoreReactor* from = nullptr;
  uint64_t missing_pages = 0;  // 0: only in advance, nobody waits
  bool for_runs = false;       // there are pages, but no long runs; only where space abounds
  BlobList granted;
  uint64_t granted_pages = 0;
  StatusCode code = StatusCode::kOk;  // OutOfSpace, or why the blobstore failed
  int sys_errno = 0;
  SpaceRequest* next_request = nullptr;
};

class StoreReactor {
 public:
  // Any thread. All outlive this.
  StoreReactor(StoreCore& core, OpReactor& ops, uint32_t index);

  StoreCore& core() { return core_; }
  uint32_t index() const { return index_; }  // any thread
  Reactor& reactor();                        // any thread
  const BlobDirectory& directory() const { return directory_; }
  uint32_t memory_alignment() const { return memory_alignment_; }
  Channel& channel() { return channel_->channel(); }

  // On a driven reactor NotSupported is possible: then the store has no part there.
  Status OpenChannel();
  void CloseChannel();

  // --- operations ---

  // False when the store is closing.
  bool BeginOp();
  void EndOp();

  bool allocating() const { return allocating_; }

  // Takes op.page_count pages and writes them to the slot, now or when there are some; then calls
  // op.go_on. The op has failed when there is no space.
  void TakePages(OpState& op);

  // Frees pages of a blob that this reactor owns; false when a page was not in use. AfterFrees()
  // follows.
  bool FreePages(PrivateBlob* blob, PageRun run);
  void AfterFrees();
  void CountInternalError();

  // --- space ---

  void Adopt(PrivateBlob* blob);
  void StartAllocating();
  void OnSpaceReply(SpaceRequest& request);

  // Pages are being written with zeros and cannot be given away now.
  bool is_laying_out() const { return laid_out_.is_writing(); }

  // Lets go of blobs with free pages, emptiest first, until they have `pages` together; returns how
  // many they have.
  uint64_t LetGo(uint64_t pages, BlobList* given);

  // --- end ---

  // Refuses operations from now on; finishes when none is in flight.
  Task<bool> Drain();
  // On a driven reactor: refuses operations from now on, polls, and returns whether none is in
  // flight.
  bool TryDrain();
  // Ends allocation: returns the empty blobs and lets go of the others.
  void LetGoOfAll();

  // Pages allocated minus pages freed here; may be negative. Any thread.
  int64_t used_pages_change() const { return used_change_.load(std::memory_order_relaxed); }

 private:
  void ServeWaiting();
  void FailWaiting(const SpaceRequest& request);
  void AllocateFor(OpState& op);
  void RequestSpace();
  void RequestInAdvance();
  void LayOut();
  void OnLaidOut(bool written);
  void ReturnIfEmpty(PrivateBlob* blob);
  void ReturnIfSpare(PrivateBlob* blob);
  void Return(PrivateBlob* blob);
  void CountUsed(int64_t change);

  StoreCore& core_;
  OpReactor& ops_;
  const BlobDirectory& directory_;
  const uint32_t index_;
  const uint32_t memory_alignment_;
  std::unique_ptr<ChannelPoller> channel_;

  bool allocating_ = false;
  bool draining_ = false;
  uint64_t ops_in_flight_ = 0;
  std::coroutine_handle<> drained_;

  ReactorSpace space_;
  LaidOutPages laid_out_{space_};
  bool lays_out_;  // until it fails
  IoRequest laying_out_;
  PrivateBlob* spare_ = nullptr;  // an empty blob that is kept; may have been used since
  OpQueue waiting_;               // writes that wait for space
  bool serving_ = false;
  SpaceRequest request_;
  bool request_in_flight_ = false;
  bool runs_refused_ = false;     // the device has no space to spare for long runs
  bool advance_refused_ = false;  // do not ask in advance again before something changed
  uint32_t low_watermark_pages_ = 1;
  std::atomic<int64_t> used_change_{0};
};

}  // namespace ashlar
