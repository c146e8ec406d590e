// An open file of a BlobFs.
//
// Appended bytes gather in a buffer of this process and go to the device in large aligned writes
// while the next buffer fills. Reads see them at once, through every handle of the file. Reading
// what lies on the device takes no lock, and no message to a reactor where the device can be read
// by any thread.
//
// Threads: as BlobFs; one handle may be used by many threads. Appends of several threads are whole
// but in no certain order.
//
// Errors stick (R10): after a write or flush of the file has failed, every later Append, Flush and
// Sync of it, through any handle, returns that first error; what was durable stays readable.
// OutOfSpace does not stick: it is found out before a byte is taken.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ashlar/status.h"

namespace ashlar {

enum class FileKind : uint8_t {
  kData = 0,
  // Each Sync is one write and one flush, and its bytes are protected by checksums, one for each
  // sector: for files that are synced again and again, such as RocksDB's WAL and MANIFEST. On the
  // device the bytes are framed (docs/format.md). Damage is Corrupt and never the end of the file:
  // a damaged log can be read up to the damage, and cannot be appended to. A log that is
  // overwritten is one no more.
  kLog = 1,
};

// Random, chosen when the file was created; never changes, never comes again. 0: made by SPDK.
struct FileId {
  uint64_t value = 0;
  bool operator==(const FileId&) const = default;
};

class FileNode;
class FsCore;
class ReadAhead;

// One read of several.
struct FileRead {
  uint64_t offset_bytes = 0;
  std::span<uint8_t> into;
  // Answers. Fewer bytes than asked for only at the end of the file.
  Status status;
  size_t length_bytes = 0;
};

class File {
 public:
  // Close, with errors ignored.
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // The number of bytes read: fewer than asked for only at the end of the file, 0 behind it. After
  // an error the content of `into` is undefined. Corrupt: a damaged place in a log. Memory aligned
  // to 4096 bytes, and such offsets and lengths, save a copy where the kernel is bypassed.
  Result<size_t> Read(uint64_t offset_bytes, std::span<uint8_t> into);
  // All at once, each with an answer of its own.
  void ReadMany(std::span<FileRead> reads);

  // Common errors of the changes: ReadOnly (the handle, the file or the file system), Closed, and
  // the error that sticks.

  // All or nothing. OutOfSpace: nothing was taken, and a later Append may succeed.
  Status Append(std::span<const uint8_t> bytes);
  // Puts bytes anywhere; a gap behind the end is filled up with zeros. Never are bytes changed that
  // are durable: their cluster is copied to another place, which counts from the next Sync on,
  // together with all else that it makes durable. So after a crash the file is as at its last Sync,
  // or at the one that was running. Overwriting is slow, but for the bytes that are still buffered.
  // A log whose bytes change becomes an ordinary file before that, in one step, and all of it is
  // durable. OutOfSpace: as Append, and the copies need space until the Sync.
  Status WriteAt(uint64_t offset_bytes, std::span<const uint8_t> bytes);

  // Nothing, or with BlobFsOptions::flush_writes_tail the buffered bytes go to the device.
  Status Flush();
  // What was appended is durable when this returns, and the time of it too; that of a log only when
  // it is closed, or was set. May run beside Append.
  Status Sync();

  // Cuts the file, or extends it. The new size is durable with the next Sync; a cut has become
  // durable when this returns. Reads of the bytes that are cut off give errors or less.
  Status Truncate(uint64_t size_bytes);
  // The file has so many bytes now, if it had fewer; the new ones are zeros. Where nothing else
  // comes in their places, the next Sync writes them, or what is appended behind them does.
  Status Extend(uint64_t size_bytes);

  // Takes clusters for a file of `size_bytes` in all now, so that appends up to there cannot run
  // out of space and need no change of metadata. Never changes the size, nor shrinks. What is not
  // used goes back when the last writing handle is closed.
  Status Preallocate(uint64_t size_bytes);

  uint64_t size_bytes() const;
  uint64_t mtime_us() const;
  // Sets the time that appending sets; durable with the next Sync.
  Status SetMtime(uint64_t mtime_us);
  // The same for the time of what was appended: of a log durable only when that time is.
  Status SetWriteTime(uint64_t mtime_us);
  FileKind kind() const;
  FileId id() const;
  // The name it has now; that which it had last, if it was deleted.
  std::string name() const;
  // Of the device.
  uint64_t allocated_bytes() const;

  // Makes durable what was appended (as Sync), unless other writing handles are open, and gives
  // back the space that was preallocated. A second call answers Closed.
  Status Close();

 private:
  friend class FsCore;
  File(std::shared_ptr<FsCore> core, std::shared_ptr<FileNode> node, bool writable,
       std::unique_ptr<ReadAhead> read_ahead);
  Status CheckOpen() const;
  Status CheckWritable() const;

  const std::shared_ptr<FsCore> core_;
  const std::shared_ptr<FileNode> node_;
  const bool writable_;
  const std::unique_ptr<ReadAhead> read_ahead_;
  std::atomic<bool> closed_{false};
};

}  // namespace ashlar
