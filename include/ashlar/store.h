// The native part of a chunk store: pages in private blobs on a device, read, written and freed by
// the reactors of one runtime.
//
// A StoreRuntime runs the reactors and owns the memory through which operations are submitted: op
// slots (cpp/chunk/op_slot.h) whose numbers travel through rings (cpp/runtime/port_layout.h). A
// Store is an open device in it. Which chunk a page belongs to is not known here: the caller keeps
// locations and checksums, makes them durable (after a kFlush), and frees old pages afterwards.
//
// A location names a page: the root page index of its private blob in the high half, the page in
// the blob in the low half.
//
// Threads: every call may come from any thread but a reactor's. They may block for the time of a
// few I/Os; WakeReactor does not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ashlar/device.h"
#include "ashlar/options.h"
#include "ashlar/status.h"

namespace ashlar {

class BlobFs;  // cpp/blobfs/blobfs.h

struct StoreRuntimeOptions {
  RuntimeOptions reactors;
  uint32_t op_slots = 1024;           // 1 to 65536: operations in flight at once
  uint64_t buffer_bytes = 16u << 20;  // page buffers of all reactors; at least 1 MiB each is taken
};

class StoreRuntime {
 public:
  // AlreadyExists: one is running; a process has one. InvalidArgument: an option is out of range.
  static Result<std::shared_ptr<StoreRuntime>> Start(const StoreRuntimeOptions& options);

  // Closes every store that is still open, as after a crash, and stops the reactors.
  void Stop();
  ~StoreRuntime();
  StoreRuntime(const StoreRuntime&) = delete;
  StoreRuntime& operator=(const StoreRuntime&) = delete;

  uint32_t reactors() const;
  // Control block, ports and op slots; valid until the runtime is destroyed.
  std::span<uint8_t> memory();

  // Makes a sleeping reactor look at its port. The driven reactor's index is reactors(). Ignores an
  // index that is out of range.
  void WakeReactor(uint32_t reactor);

  // Does what there is to do for the operations in the last port, which has no thread: Turn() and
  // AwaitCompletions move their data. Only reads, of stores whose StoreNumbers say so, belong
  // there. For the thread that drains, so that no other need be woken. Returns how much was done.
  // A store on a bdev of SPDK's counts on one of the two being called again and again: to delete a
  // bdev, for one, SPDK asks each thread that has a channel to it.
  int Turn();

  // For the one thread that drains completions, after it set drainer_waiting and found the rings
  // empty: waits until a completion is published, InterruptWait or the timeout (-1: none).
  void AwaitCompletions(int timeout_ms);
  void InterruptWait();

 private:
  friend class Store;
  friend class StoreCore;
  class Impl;
  explicit StoreRuntime(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct StoreId {
  std::array<uint8_t, 16> bytes{};
  bool operator==(const StoreId&) const = default;
};

// Where the caller keeps the store's metadata; a fact of the device, in numbers that it stores.
enum class MetadataPlace : uint8_t {
  kElsewhere = 0,   // not on this device
  kOnDevice = 1,    // in files on this device: see Store::MountFiles
  kUnfinished = 2,  // kOnDevice once Store::FinishFormat has been called; until then nothing is
                    // lost if the store is formatted again
};

struct StoreOpenOptions {
  DeviceSpec device;
  // Writes an empty blobstore with this identity first; whatever the device held is lost.
  bool format = false;
  StoreFormatOptions format_options;
  StoreId id;  // of the new store
  // Format only: the metadata will lie on this device. The store is kUnfinished at first.
  bool metadata_on_device = false;
  // Never given to chunk data; fewer on a small device. With the metadata on the device its own
  // reserve takes the place of this (StoreNumbers::reserve_clusters).
  uint32_t reserve_clusters = 4;
};

// Sizes in bytes.
struct StoreNumbers {
  DeviceInfo device;
  DeviceCounters counters;
  bool inline_read = false;
  bool driven_reads = false;  // the last port takes reads: see StoreRuntime::Turn
  uint64_t cluster_bytes = 0;
  uint64_t clusters = 0;          // that blobs can have
  uint64_t free_clusters = 0;     // in no blob
  uint64_t reserve_clusters = 0;  // of those, how many chunk data leaves to the metadata
  uint64_t private_blobs = 0;
  uint64_t private_pages = 0;  // in private blobs
  uint64_t used_pages = 0;     // of those
  uint64_t buffer_bytes = 0;   // page buffers of the runtime
  bool was_clean = false;      // at open
  // Frees of pages that were not in use, and the like: faults of the caller, or ours.
  uint64_t internal_errors = 0;
};

struct SpaceBlob {
  uint32_t root = 0;
  uint32_t pages = 0;
};

struct SpaceRun {
  uint64_t first_location = 0;
  uint64_t pages = 0;
};

enum class SpaceFault : int32_t {
  kTwoOwners = 0,
  kNoSuchBlob = 1,
  kPastTheEnd = 2,
  kDamagedBlob = 3,
};

// The first run that could not be marked; those before it have been.
struct BadRun {
  size_t index = 0;
  SpaceFault fault = SpaceFault::kTwoOwners;
};

// What lies on a device, found without changing it.
enum class DeviceContent : int32_t {
  kNothing = 0,  // zeros where formats keep their marks
  kChunkStore = 1,
  kOtherBlobstore = 2,
  kOther = 3,
  kUnfinishedStore = 4,  // a chunk store whose making was interrupted; nobody has ever used it
};

class Store {
 public:
  // Loads the store; the device is not written unless options.format is set.
  // WrongFormat: another blobstore, or none. Errors of the device and of its format pass through.
  static Result<std::shared_ptr<Store>> Open(const std::shared_ptr<StoreRuntime>& runtime,
                                             const StoreOpenOptions& options);

  // Busy: in use. NotFound: missing. Corrupt: marked as a blobstore, but damaged.
  static Result<DeviceContent> Probe(const DeviceSpec& device);

  // The open store with this number, or null. A number is never used twice.
  static std::shared_ptr<Store> Find(uint64_t number);

  // As after a crash, if Close was not called.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // What op slots name the store by.
  uint64_t number() const;

  // After Close everything but these three answers Closed.
  StoreNumbers Numbers() const;
  StoreId id() const;
  std::vector<std::string> Damage() const;  // one sentence for each damaged blob found at open

  MetadataPlace metadata_place() const;
  // Makes kOnDevice of kUnfinished; durable when it returns.
  Status FinishFormat();

  // The files beside the chunks, for the metadata: one blobstore and one allocator serve both. Once
  // per store, before Start; read-only if the store is. Close closes them, and so may the caller,
  // who then learns what failed. `buffer_bytes` bounds their buffers: BlobFsOptions.
  Result<std::shared_ptr<BlobFs>> MountFiles(uint64_t buffer_bytes);

  Result<uint64_t> Generation();
  Status SetGeneration(uint64_t generation);  // durable when it returns

  // Recovery, before Start, by one thread at a time. Every page is free at first.
  Result<std::vector<SpaceBlob>> SpaceBlobs();
  Status MarkUsed(std::span<const SpaceRun> runs, std::vector<BadRun>* first_bad);
  Status LoadBitmap(uint32_t root, std::span<const uint64_t> words);
  // Before Start or after Quiesce.
  Result<std::vector<uint64_t>> Bitmap(uint32_t root);

  // From here on the reactors allocate. ReadOnly on a device opened so.
  Status Start();

  // Waits for the operations in flight, gives empty blobs back and ends allocation.
  Status Quiesce();

  // Ends every operation of the store, those in flight first. With `clean` the blobstore is marked
  // clean; without, nothing more is written. A second call answers Closed.
  Status Close(bool clean);

  // Reads `length_bytes` of one page into `address` and verifies the page, in the calling thread.
  // 0, or the negative of a StatusCode; NotSupported where the device cannot. The bytes are good
  // only with 0.
  static int ReadInline(uint64_t store_number, void* address, uint32_t offset_in_page,
                        uint32_t length_bytes, uint64_t location, uint32_t crc);

  // Flushes the device in the calling thread, which saves the way to a reactor and back. Covers
  // the writes whose op slots have completed before the call.
  // 0, or the negative of a StatusCode plus 256 times the errno; NotSupported where the device
  // cannot: then nothing was flushed, and an op slot can do it.
  static int FlushInline(uint64_t store_number);

  // Whether the metadata on the device has used up half of its reserve. From then on only changes
  // that make the metadata smaller should be made: a full device can be emptied as long as the
  // metadata can be written. Never with metadata elsewhere, nor for a store that is closed. Any
  // thread, at any time, as cheap as reading a number.
  static bool IsMetadataSpaceLow(uint64_t store_number);

 private:
  friend class StoreRuntime;
  explicit Store(std::shared_ptr<class StoreCore> core);
  std::shared_ptr<class StoreCore> core_;
};

}  // namespace ashlar
