// A RocksDB database on a BlobFS on a device, for tests: small in all it does.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "cpp/blobfs/blobfs.h"
#include "cpp/rocksdb/core/mount.h"
#include "cpp/rocksdb/plugin/blobfs_file_system.h"
#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"

namespace ashlar::rocks {

using Content = std::map<std::string, std::string>;

struct TestDatabaseOptions {
  bool format = false;
  bool create_if_missing = false;
  size_t write_buffer_bytes = 64u << 10;
  bool allow_2pc = false;  // as databases with transactions have it
  std::shared_ptr<rocksdb::EventListener> listener = nullptr;
};

// Everything is closed in the right order at the end.
class TestDatabase {
 public:
  TestDatabase(std::unique_ptr<Device> device, const TestDatabaseOptions& options) {
    BlobFsDevice spec;
    spec.format = options.format;
    spec.format_options.cluster_bytes = 64u << 10;
    Result<std::unique_ptr<BlobFs>> opened =
        BlobFs::OpenOn(std::move(device), spec, BlobFsOptions());
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    if (!opened.ok()) return;
    blobfs_ = std::move(opened).value();
    mount_ = Mount::Create(blobfs_);
    env_ = rocksdb::NewCompositeEnv(std::make_shared<BlobFsFileSystem>(Core(), mount_));
    options_.env = env_.get();
    options_.create_if_missing = options.create_if_missing;
    options_.write_buffer_size = options.write_buffer_bytes;
    options_.manifest_preallocation_size = 64u << 10;
    options_.compression = rocksdb::kNoCompression;
    options_.allow_2pc = options.allow_2pc;
    if (options.listener != nullptr) options_.listeners = {options.listener};
    options_.max_background_jobs = 1;
    options_.max_file_opening_threads = 1;
    options_.stats_dump_period_sec = 0;
    options_.stats_persist_period_sec = 0;
    options_.info_log_level = rocksdb::InfoLogLevel::FATAL_LEVEL;
    Open();
  }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  ~TestDatabase() {
    db_.reset();
    if (mount_ != nullptr) {
      EXPECT_TRUE(mount_->Unmount().ok());
    }
  }

  // Closes the database first.
  void Open() {
    db_.reset();
    rocksdb::DB* db = nullptr;
    open_status_ = rocksdb::DB::Open(options_, "/db", &db);
    db_.reset(db);
  }

  // The process dies: nothing more is written. The database can only be closed then.
  void Die() {
    // Its background work would take a second over the errors that it meets.
    if (db_ != nullptr) rocksdb::CancelAllBackgroundWork(db_.get(), true);
    blobfs_->Abandon();
  }

  // Of DB::Open.
  const rocksdb::Status& open_status() const { return open_status_; }
  rocksdb::DB& db() { return *db_; }
  BlobFs& blobfs() { return *blobfs_; }

  Content Read() {
    Content content;
    const std::unique_ptr<rocksdb::Iterator> all(db_->NewIterator(rocksdb::ReadOptions()));
    for (all->SeekToFirst(); all->Valid(); all->Next()) {
      content[all->key().ToString()] = all->value().ToString();
    }
    EXPECT_TRUE(all->status().ok()) << all->status().ToString();
    return content;
  }

 private:
  std::shared_ptr<BlobFs> blobfs_;
  Mount* mount_ = nullptr;
  std::unique_ptr<rocksdb::Env> env_;
  rocksdb::Options options_;
  rocksdb::Status open_status_;
  std::unique_ptr<rocksdb::DB> db_;
};

inline rocksdb::WriteOptions Synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

}  // namespace ashlar::rocks
