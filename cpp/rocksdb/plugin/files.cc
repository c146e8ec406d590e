#include "cpp/rocksdb/plugin/files.h"

#include <algorithm>
#include <array>

#include "cpp/rocksdb/plugin/io_status.h"

namespace ashlar::rocks {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// --- writable ------------------------------------------------------------------------------------

BlobFsWritableFile::~BlobFsWritableFile() {
  if (writer_ != nullptr) Close(IOOptions(), nullptr).PermitUncheckedError();
}

IOStatus BlobFsWritableFile::Closed() const {
  return IOStatus::IOError("The file has been closed", path_);
}

IOStatus BlobFsWritableFile::Append(const Slice& data, const IOOptions& /*options*/,
                                    IODebugContext* /*debug*/) {
  if (writer_ == nullptr) return Closed();
  Error error;
  core_.append(writer_, data.data(), data.size(), &error);
  return ToIoStatus("While appending to a file", path_, error);
}

IOStatus BlobFsWritableFile::Truncate(uint64_t size_bytes, const IOOptions& /*options*/,
                                      IODebugContext* /*debug*/) {
  if (writer_ == nullptr) return Closed();
  Error error;
  core_.truncate(writer_, size_bytes, &error);
  return ToIoStatus("While truncating a file", path_, error);
}

IOStatus BlobFsWritableFile::Close(const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  if (writer_ == nullptr) return IOStatus::OK();
  final_size_bytes_ = core_.writer_size(writer_);
  Error error;
  core_.close_writer(std::exchange(writer_, nullptr), &error);
  return ToIoStatus("While closing a file", path_, error);
}

IOStatus BlobFsWritableFile::Flush(const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  if (writer_ == nullptr) return Closed();
  Error error;
  core_.flush(writer_, &error);
  return ToIoStatus("While flushing a file", path_, error);
}

IOStatus BlobFsWritableFile::Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  if (writer_ == nullptr) return Closed();
  Error error;
  core_.sync(writer_, &error);
  return ToIoStatus("While syncing a file", path_, error);
}

IOStatus BlobFsWritableFile::RangeSync(uint64_t /*offset_bytes*/, uint64_t /*length_bytes*/,
                                       const IOOptions& options, IODebugContext* debug) {
  return strict_bytes_per_sync_ ? Sync(options, debug) : Flush(options, debug);
}

IOStatus BlobFsWritableFile::Allocate(uint64_t offset_bytes, uint64_t length_bytes,
                                      const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  if (writer_ == nullptr) return Closed();
  Error error;
  core_.reserve(writer_, offset_bytes + length_bytes, &error);
  return ToIoStatus("While reserving space for a file", path_, error);
}

uint64_t BlobFsWritableFile::GetFileSize(const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  return writer_ == nullptr ? final_size_bytes_ : core_.writer_size(writer_);
}

// --- readable ------------------------------------------------------------------------------------

namespace {

void SetRequest(uint64_t offset_bytes, size_t size, char* into, ReadPart* part) {
  part->offset_bytes = offset_bytes;
  part->length_bytes = size;
  part->into = into;
}

}  // namespace

IOStatus BlobFsRandomAccessFile::Read(uint64_t offset_bytes, size_t size,
                                      const IOOptions& /*options*/, Slice* result, char* scratch,
                                      IODebugContext* /*debug*/) const {
  ReadPart part;
  SetRequest(offset_bytes, size, scratch, &part);
  core_.read(reader_, &part);
  *result = Slice(scratch, part.got_bytes);
  return ToIoStatus("While reading a file", path_, part.error);
}

IOStatus BlobFsRandomAccessFile::MultiRead(rocksdb::FSReadRequest* requests, size_t count,
                                           const IOOptions& /*options*/,
                                           IODebugContext* /*debug*/) {
  std::array<ReadPart, 16> parts;
  for (size_t first = 0; first < count; first += parts.size()) {
    const size_t now = std::min(parts.size(), count - first);
    for (size_t i = 0; i < now; ++i) {
      const rocksdb::FSReadRequest& request = requests[first + i];
      SetRequest(request.offset, request.len, request.scratch, &parts[i]);
    }
    core_.read_many(reader_, parts.data(), now);
    for (size_t i = 0; i < now; ++i) {
      rocksdb::FSReadRequest& request = requests[first + i];
      request.result = Slice(request.scratch, parts[i].got_bytes);
      request.status = ToIoStatus("While reading a file", path_, parts[i].error);
    }
  }
  return IOStatus::OK();
}

IOStatus BlobFsRandomAccessFile::InvalidateCache(size_t /*offset_bytes*/, size_t /*length_bytes*/) {
  return IOStatus::OK();
}

IOStatus BlobFsSequentialFile::Read(size_t size, const IOOptions& /*options*/, Slice* result,
                                    char* scratch, IODebugContext* /*debug*/) {
  ReadPart part;
  SetRequest(position_bytes_, size, scratch, &part);
  core_.read(reader_, &part);
  position_bytes_ += part.got_bytes;
  *result = Slice(scratch, part.got_bytes);
  return ToIoStatus("While reading a file", path_, part.error);
}

IOStatus BlobFsSequentialFile::Skip(uint64_t bytes) {
  position_bytes_ += bytes;
  return IOStatus::OK();
}

IOStatus BlobFsSequentialFile::InvalidateCache(size_t /*offset_bytes*/, size_t /*length_bytes*/) {
  return IOStatus::OK();
}

// --- directory -----------------------------------------------------------------------------------

IOStatus BlobFsDirectory::Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  Error error;
  core_.sync_names(mount_, &error);
  return ToIoStatus("While syncing a directory", path_, error);
}

IOStatus BlobFsDirectory::Close(const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  return IOStatus::OK();
}

}  // namespace ashlar::rocks
