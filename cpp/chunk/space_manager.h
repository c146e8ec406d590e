// Gives the reactors of a store their private blobs: the one place where blobs of the store's space
// are made, moved and deleted.
//
// Thread: belongs to reactor 0, which owns the blobstore; before the store starts and after it is
// quiet, to the thread that holds the store's control lock. Request() and Return() come from any
// reactor, as messages.
//
// Requests and returned blobs are worked off one at a time, so that the answer to "is there any
// space left" takes in everything that is on its way back. A request is first served with returned
// blobs, then with new ones, and at the end with blobs that other reactors let go of.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "ashlar/status.h"
#include "cpp/blobstore/blobstore.h"
#include "cpp/chunk/private_blob.h"
#include "cpp/chunk/store_reactor.h"
#include "cpp/runtime/reader_gate.h"
#include "cpp/runtime/task.h"

namespace ashlar {

class StoreCore;

class SpaceManager {
 public:
  static constexpr uint64_t kBlobBytes = uint64_t{64} << 20;

  // The blobstore outlives this. Chunk data leaves the core's reserve of clusters free, and so many
  // pages of the blobstore's metadata.
  SpaceManager(StoreCore& core, Blobstore& blobstore, uint64_t reserve_pages);

  // At open: takes in the private blobs of the device; every page of them is free. Returns those
  // that cannot be used.
  std::vector<DamagedBlob> LoadBlobs();

  // Each blob, in the order of the root indices.
  std::vector<PrivateBlob*> Blobs() const;
  PrivateBlob* Find(uint32_t root) const;

  // Any reactor.
  void Request(SpaceRequest* request);
  void Return(PrivateBlob* blob);

  // Finishes when nothing is left to do.
  Task<bool> Settle();

  // Any thread.
  uint64_t private_blobs() const { return private_blobs_.load(std::memory_order_relaxed); }
  uint64_t private_pages() const { return private_pages_.load(std::memory_order_relaxed); }

 private:
  static void OnRequest(Message* message);
  static void OnReturn(Message* message);

  void StartWork();
  Task<bool> Work();
  Task<bool> Serve(SpaceRequest& request);
  Task<Status> GrantNewOrReturned(SpaceRequest& request);
  Task<bool> CollectFromOthers(SpaceRequest& request);
  Task<Result<PrivateBlob*>> CreateBlob(uint64_t clusters);
  Task<bool> DeleteBlob(PrivateBlob& blob);
  void Grant(SpaceRequest& request, PrivateBlob* blob);
  bool GrantReturned(SpaceRequest& request);
  void Reply(SpaceRequest& request);
  uint64_t ClustersForNewBlob(const SpaceRequest& request) const;
  Result<PrivateBlob*> TakeIn(BlobId id, uint64_t length_bytes);
  void FreeRetired();
  Status AfterChange(Status status);

  StoreCore& core_;
  Blobstore& blobstore_;
  const uint64_t reserve_pages_;
  std::unordered_map<uint32_t, std::unique_ptr<PrivateBlob>> blobs_;
  uint64_t next_file_number_ = 0;

  SpaceRequest* first_request_ = nullptr;
  SpaceRequest* last_request_ = nullptr;
  BlobList returned_;
  bool working_ = false;
  std::coroutine_handle<> settled_;

  // Blobs that are no more, until no reader can hold them.
  struct Retired {
    std::unique_ptr<PrivateBlob> blob;
    ReaderGate::Grace grace;
  };
  std::vector<Retired> retired_;

  std::atomic<uint64_t> private_blobs_{0};
  std::atomic<uint64_t> private_pages_{0};
};

}  // namespace ashlar
