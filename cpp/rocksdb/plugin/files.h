// The files of BlobFsFileSystem, each over a writer or a reader of the core.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "cpp/rocksdb/plugin_api.h"
#include "rocksdb/file_system.h"

namespace ashlar::rocks {

class BlobFsWritableFile final : public rocksdb::FSWritableFile {
 public:
  BlobFsWritableFile(const CoreApi& core, Writer* writer, std::string path,
                     const rocksdb::FileOptions& options)
      : FSWritableFile(options), core_(core), writer_(writer), path_(std::move(path)) {}
  ~BlobFsWritableFile() override;

  using FSWritableFile::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Truncate(uint64_t size_bytes, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Flush(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override;
  // Hands over what is there, so that the sync at the end of a large file has little left to do.
  rocksdb::IOStatus RangeSync(uint64_t offset_bytes, uint64_t length_bytes,
                              const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Allocate(uint64_t offset_bytes, uint64_t length_bytes,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override;

 private:
  rocksdb::IOStatus Closed() const;

  const CoreApi& core_;
  Writer* writer_;  // null once closed
  const std::string path_;
  uint64_t final_size_bytes_ = 0;
};

class BlobFsRandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  BlobFsRandomAccessFile(const CoreApi& core, Reader* reader, std::string path)
      : core_(core), reader_(reader), path_(std::move(path)) {}
  ~BlobFsRandomAccessFile() override { core_.close_reader(reader_); }

  rocksdb::IOStatus Read(uint64_t offset_bytes, size_t size, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) const override;
  rocksdb::IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count,
                              const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  // Nothing is cached in between.
  rocksdb::IOStatus InvalidateCache(size_t offset_bytes, size_t length_bytes) override;

 private:
  const CoreApi& core_;
  Reader* const reader_;
  const std::string path_;
};

class BlobFsSequentialFile final : public rocksdb::FSSequentialFile {
 public:
  BlobFsSequentialFile(const CoreApi& core, Reader* reader, std::string path)
      : core_(core), reader_(reader), path_(std::move(path)) {}
  ~BlobFsSequentialFile() override { core_.close_reader(reader_); }

  rocksdb::IOStatus Read(size_t size, const rocksdb::IOOptions& options, rocksdb::Slice* result,
                         char* scratch, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Skip(uint64_t bytes) override;
  rocksdb::IOStatus InvalidateCache(size_t offset_bytes, size_t length_bytes) override;

 private:
  const CoreApi& core_;
  Reader* const reader_;
  const std::string path_;
  uint64_t position_bytes_ = 0;
};

class BlobFsDirectory final : public rocksdb::FSDirectory {
 public:
  BlobFsDirectory(const CoreApi& core, Mount* mount, std::string path)
      : core_(core), mount_(mount), path_(std::move(path)) {}

  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override;

 private:
  const CoreApi& core_;
  Mount* const mount_;
  const std::string path_;
};

}  // namespace ashlar::rocks
