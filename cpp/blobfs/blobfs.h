// BlobFS: files on a blobstore, in the layout of SPDK's BlobFS.
//
// A file is a blob with a name and a length; it is read anywhere and grows at its end, for which
// all this is made; overwriting works too. Names are flat: they begin with '/', and a folder is
// nothing but the part of a name before one of its slashes. docs/format.md has the device's side.
//
// Threads: every call may come from any thread but a reactor's, many at once, and may block for the
// time of some I/O. Files (file.h) are used without going through the file system again.
//
// What is durable when: Open that creates, Rename and Delete are when they return, each by one
// atomic write of a root page. Appended bytes are after File::Sync, or a File::Close that succeeds.
// After a crash a file has all bytes that were durable, perhaps more of what was appended behind
// them (kLog), never others.
//
// Files whose names begin with "/.ashlar/" belong to other users of the blobstore, such as the
// chunk store. They are left alone: not listed, not opened, not created here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/device.h"
#include "ashlar/options.h"
#include "ashlar/status.h"
#include "cpp/blobfs/file.h"
#include "cpp/blobstore/blobstore.h"
#include "cpp/device/device.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

class FsCore;

struct BlobFsOptions {
  bool read_only = false;  // nothing is ever written; changes fail with ReadOnly
  // A device that carries a chunk store is opened read-only unless this is set, because only the
  // store knows how much space it counts on.
  bool write_beside_chunk_store = false;
  // File::Flush hands the buffered tail to the device, so that it survives the death of this
  // process (not a power cut; that takes File::Sync).
  bool flush_writes_tail = false;
  // Bound of the buffers for appending and reading ahead, over all files: 4 MiB to 64 GiB. Beyond
  // it each file that is written still takes 64 KiB at a time.
  uint64_t buffer_bytes = 64u << 20;
};

// How to open a device for files alone.
struct BlobFsDevice {
  DeviceSpec device;
  // Writes an empty file system first; whatever the device held is lost.
  bool format = false;
  StoreFormatOptions format_options;
  RuntimeOptions runtime;  // used if no runtime runs in this process yet
};

// A blobstore that somebody else has open, and the ways to its device. All of it outlives the
// BlobFs.
struct BlobFsParts {
  // I/O of files is spread over the lanes; channel belongs to reactor.
  struct Lane {
    Reactor* reactor = nullptr;
    Channel* channel = nullptr;
  };
  Device* device = nullptr;
  Blobstore* blobstore = nullptr;
  Reactor* home = nullptr;  // the blobstore's
  std::vector<Lane> lanes;  // one at least
};

struct FileStat {
  std::string name;
  uint64_t size_bytes = 0;       // with what is buffered
  uint64_t allocated_bytes = 0;  // of the device
  uint64_t mtime_us = 0;         // since 1970; 0: not known (SPDK keeps none)
  FileKind kind = FileKind::kData;
  FileId id;
};

// Bytes. `free` is what new clusters can be made of; a file system of many small files runs out of
// metadata pages first.
struct FsSpace {
  uint64_t total_bytes = 0;
  uint64_t free_bytes = 0;
  uint64_t cluster_bytes = 0;
  uint64_t files = 0;
  uint64_t free_files = 0;    // that can still be created, as far as metadata pages go
  uint64_t buffer_bytes = 0;  // memory in use for appending and reading ahead
};

struct BlobFsReport {
  bool was_clean = false;  // closed cleanly the last time
  bool read_only = false;
  std::string read_only_reason;
  bool has_chunk_store = false;
  uint64_t files = 0;
  // What a crash left, and was removed: files deleted while open, and losers of a rename.
  uint64_t removed = 0;
  // One sentence for each blob that is no usable file: damaged metadata, no name, a name that
  // another file has. They keep their space.
  std::vector<std::string> damage;
};

// How Open treats a name.
enum class OpenMode : uint8_t {
  kRead,             // NotFound if there is none; the handle refuses changes
  kWrite,            // NotFound if there is none; appends go to its end
  kCreateNew,        // AlreadyExists if there is one
  kCreateOrWrite,    // kWrite, or a new file
  kCreateOrReplace,  // a new, empty file in place of the old one, atomically; handles of the old
                     // one keep seeing the old content
};

struct OpenOptions {
  OpenMode mode = OpenMode::kRead;
  FileKind kind = FileKind::kData;  // of a new file; one that exists keeps its kind
  // Space that a new file gets at once, as File::Preallocate.
  uint64_t preallocate_bytes = 0;
  // Sequential reads through this handle fetch up to so many bytes ahead, at most 4 MiB; 0: none.
  // A handle that reads ahead serialises its reads: leave it off for handles that threads share.
  uint32_t read_ahead_bytes = 0;
};

// An exclusive lock on a name, within this process (another process cannot open the device at all).
// Released by its destruction, or for nothing once the file system is closed.
class FileLock {
 public:
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  const std::string& name() const { return name_; }

 private:
  friend class FsCore;
  FileLock(std::shared_ptr<FsCore> core, std::string name);
  std::shared_ptr<FsCore> core_;
  std::string name_;
};

class BlobFs {
 public:
  static constexpr size_t kMaxNameBytes = 255;  // as in SPDK, without the NUL

  // Opens the device, in the process's one runtime, and all that is on it. Busy: it is open here or
  // elsewhere. WrongFormat: no blobstore of type BLOBFS. Corrupt: its super block is damaged.
  static Result<std::unique_ptr<BlobFs>> Open(const BlobFsDevice& device,
                                              const BlobFsOptions& options);
  // The same on a device that is open already; `spec.device` is ignored.
  static Result<std::unique_ptr<BlobFs>> OpenOn(std::unique_ptr<Device> device,
                                                const BlobFsDevice& spec,
                                                const BlobFsOptions& options);
  // On a blobstore that is open already. Close leaves the blobstore open.
  static Result<std::unique_ptr<BlobFs>> Mount(const BlobFsParts& parts,
                                               const BlobFsOptions& options);

  // Close, with errors ignored.
  ~BlobFs();
  BlobFs(const BlobFs&) = delete;
  BlobFs& operator=(const BlobFs&) = delete;

  // Closes every file that is still open, waits for the I/O in flight, and marks the device clean.
  // Handles may be used afterwards: they answer Closed. Returns the first error that may have cost
  // data. A second call answers Closed.
  Status Close();

  // As a crash of the process would: what is buffered is dropped, nothing more is written.
  void Abandon();

  // For those who share the blobstore: a flush of the device that was not this file system's has
  // failed, and may have lost what files have written since the last one. Every later sync and
  // change fails with it (R10).
  void Break(const Status& failure);
  // The first failure that ended all changes; Ok if there is none. Also after Close.
  Status failure() const;

  const BlobFsReport& report() const;
  const DeviceInfo& device_info() const;
  // Of the device; all of its users together. Zeros after Close.
  DeviceCounters counters() const;

  // Common errors: InvalidArgument (a name that does not begin with '/', ends with one, has an
  // empty part, a NUL or more than 255 bytes, or is reserved), ReadOnly, Closed, and the first
  // failed write of metadata or flush, which ends all changes until the next open (R10).

  // OutOfSpace: no metadata page is free; a file that finds no cluster begins without one. Corrupt:
  // the file is damaged (such files can be deleted and renamed). NotSupported: written by a feature
  // of SPDK that is not known here.
  Result<std::unique_ptr<File>> Open(std::string_view name, const OpenOptions& options);

  // NotFound. The size of a log that was not closed takes reading it once.
  Result<FileStat> Stat(std::string_view name);
  bool Exists(std::string_view name) const;
  // Whether some file's name begins with `name` and a slash; "/" always is.
  bool IsDirectory(std::string_view name) const;

  // Names that begin with `prefix` (such as "/db/"), ascending. Any prefix, also an empty one.
  std::vector<std::string> List(std::string_view prefix) const;

  // One atomic step, on the device too (R9): at any crash `to` is the one or the other file, and
  // `from` is there only as long as `to` is the old one. NotFound: no `from`. Open handles of both
  // files keep working; the old `to` goes with its last handle. Equal names: nothing happens.
  Status Rename(std::string_view from, std::string_view to);

  // The name is free at once; the file goes with its last handle. NotFound.
  Status Delete(std::string_view name);

  // Creates the file, empty, if there is none. Busy: locked in this process already.
  Result<std::unique_ptr<FileLock>> Lock(std::string_view name);

  // Closed.
  Result<FsSpace> Space();
  // From now on a few clusters (4, at most one in 16) are for new logs only, which get one each,
  // and are not counted as free: a device that is full to others still takes a new log's first
  // bytes.
  Status ReserveForLogs();

 private:
  explicit BlobFs(std::shared_ptr<FsCore> core);
  std::shared_ptr<FsCore> core_;
};

}  // namespace ashlar
