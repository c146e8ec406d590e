// RocksDB itself on a BlobFS on a device that is full. What it makes of that depends on what met it
// first: it goes on by itself once there is space, unless it calls the error fatal.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cpp/rocksdb/test_database.h"
#include "cpp/testing/random.h"
#include "cpp/testing/test_spdk.h"
#include "rocksdb/listener.h"

namespace ashlar::rocks {

namespace {

using rocksdb::BackgroundErrorReason;

std::unique_ptr<Device> MemoryDevice(uint64_t size_bytes) {
  Result<std::unique_ptr<Device>> device = OpenDevice(TestMemory(size_bytes));
  EXPECT_TRUE(device.ok()) << device.status().ToString();
  return std::move(device).value();
}

// The error itself, or that of a write which waited for a flush that met it.
bool SaysNoSpace(const rocksdb::Status& status) {
  return status.ToString().find("No space left on device") != std::string::npos;
}

// What RocksDB was doing when it met errors, and the worst that it made of one.
class Errors : public rocksdb::EventListener {
 public:
  void OnBackgroundError(BackgroundErrorReason reason, rocksdb::Status* status) override {
    std::lock_guard<std::mutex> lock(mutex_);
    reasons_.insert(reason);
    worst_ = std::max(worst_, status->severity());
  }
  std::set<BackgroundErrorReason> reasons() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return reasons_;
  }
  bool fatal() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return worst_ >= rocksdb::Status::kFatalError;
  }

 private:
  mutable std::mutex mutex_;
  std::set<BackgroundErrorReason> reasons_;
  rocksdb::Status::Severity worst_ = rocksdb::Status::kNoError;
};

// A database on a device of which all but some clusters can be taken away.
struct SmallDevice {
  explicit SmallDevice(const TestDatabaseOptions& options)
      : database(MemoryDevice(8u << 20), WithErrors(options)) {
    EXPECT_TRUE(database.open_status().ok()) << database.open_status().ToString();
  }

  TestDatabaseOptions WithErrors(TestDatabaseOptions options) {
    options.format = true;
    options.create_if_missing = true;
    options.listener = errors;
    return options;
  }

  void LeaveClusters(uint64_t clusters) {
    OpenOptions create;
    create.mode = OpenMode::kCreateNew;
    Result<std::unique_ptr<File>> filler = database.blobfs().Open("/filler", create);
    ASSERT_TRUE(filler.ok());
    const FsSpace space = database.blobfs().Space().value();
    // The filler has a cluster already.
    const uint64_t bytes = space.free_bytes + space.cluster_bytes * (1 - clusters);
    ASSERT_TRUE(filler.value()->Preallocate(bytes).ok());
    ASSERT_EQ(database.blobfs().Space()->free_bytes, clusters * space.cluster_bytes);
    filler_ = std::move(filler).value();
  }
  void GiveBack() {
    filler_.reset();
    ASSERT_TRUE(database.blobfs().Delete("/filler").ok());
  }

  // Bytes that take as many on the device.
  rocksdb::Status Put(std::string key, size_t value_bytes) {
    std::string value(value_bytes, '\0');
    random_.Fill({reinterpret_cast<uint8_t*>(value.data()), value.size()});
    const rocksdb::Status status = database.db().Put(Synced(), key, value);
    if (status.ok()) model[std::move(key)] = std::move(value);
    return status;
  }
  rocksdb::Status PutUntilItFails(size_t value_bytes) {
    rocksdb::Status status;
    for (int i = 0; status.ok() && i < 10'000; ++i) {
      status = Put("key" + std::to_string(i), value_bytes);
    }
    return status;
  }

  // RocksDB looks every few seconds whether a memtable's size is free, and then goes on by itself.
  void ExpectItGoesOn() {
    rocksdb::Status status = Put("more", 1);
    while (SaysNoSpace(status) && !errors->fatal()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      status = Put("more", 1);
    }
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_TRUE(database.Read() == model);
    ExpectAllThereOnceOpenedAgain();
  }
  void ExpectItHasEnded() {
    EXPECT_TRUE(errors->fatal());
    EXPECT_TRUE(SaysNoSpace(Put("more", 1)));
    EXPECT_TRUE(database.Read() == model) << "reads go on";
    ExpectAllThereOnceOpenedAgain();
    EXPECT_TRUE(Put("more", 1).ok());
  }
  void ExpectAllThereOnceOpenedAgain() {
    database.Open();
    ASSERT_TRUE(database.open_status().ok()) << database.open_status().ToString();
    EXPECT_TRUE(database.Read() == model);
  }

  std::shared_ptr<Errors> errors = std::make_shared<Errors>();
  TestDatabase database;
  Content model;

 private:
  Random random_{TestSeed(7)};
  std::unique_ptr<File> filler_;
};

TEST(DatabaseSpaceTest, ALogThatCannotGrowGrowsOnceThereIsSpace) {
  SmallDevice device({.write_buffer_bytes = 4u << 20});
  device.LeaveClusters(0);
  const rocksdb::Status status = device.PutUntilItFails(10'000);
  ASSERT_TRUE(SaysNoSpace(status)) << status.ToString();
  EXPECT_EQ(device.errors->reasons(), std::set{BackgroundErrorReason::kWriteCallback});
  EXPECT_TRUE(SaysNoSpace(device.Put("again", 1)));
  EXPECT_TRUE(device.database.Read() == device.model);
  device.GiveBack();
  device.ExpectItGoesOn();
}

// RocksDB would call it fatal if it could not make the log of the next memtable.
TEST(DatabaseSpaceTest, ANewLogNeedsNoSpaceToBegin) {
  SmallDevice device({.write_buffer_bytes = 1u << 20});
  ASSERT_TRUE(device.Put("first", 10'000).ok());  // reserves what this memtable's log will need
  device.LeaveClusters(0);
  const rocksdb::Status status = device.PutUntilItFails(10'000);
  ASSERT_TRUE(SaysNoSpace(status)) << status.ToString();
  EXPECT_GT(device.model.size(), 50u) << "the log of the first memtable had its space";
  EXPECT_FALSE(device.errors->fatal());
  device.GiveBack();
  device.ExpectItGoesOn();
}

// What finds no space is the table, or the note of it in the MANIFEST.
TEST(DatabaseSpaceTest, AFlushGoesOnWhereverTheSpaceEnded) {
  std::vector<std::unique_ptr<SmallDevice>> devices;  // they look for space at the same time
  std::set<BackgroundErrorReason> reasons;
  const auto met = [&reasons](BackgroundErrorReason with_log, BackgroundErrorReason without) {
    return reasons.contains(with_log) || reasons.contains(without);
  };
  // Whether there is something in the log at that moment only changes their names.
  const auto met_both = [&met] {
    return met(BackgroundErrorReason::kFlush, BackgroundErrorReason::kFlushNoWAL) &&
           met(BackgroundErrorReason::kManifestWrite, BackgroundErrorReason::kManifestWriteNoWAL);
  };
  // Once mostly does: when RocksDB removes old files is a matter of its threads.
  constexpr uint64_t kMostLeft = 14;
  for (uint64_t i = 0; i < kMostLeft || (!met_both() && i < 5 * kMostLeft); ++i) {
    const uint64_t left = i % kMostLeft;
    SCOPED_TRACE(left);
    devices.push_back(
        std::make_unique<SmallDevice>(TestDatabaseOptions{.write_buffer_bytes = 1u << 20}));
    SmallDevice& device = *devices.back();
    // The MANIFEST gets the first and the last key of each table.
    ASSERT_TRUE(device.Put(std::string(40'000, 'a'), 10).ok());
    ASSERT_TRUE(device.database.db().Flush(rocksdb::FlushOptions()).ok());
    device.LeaveClusters(left);
    rocksdb::Status status;
    for (char key = 'b'; status.ok(); ++key) {
      status = device.Put(std::string(40'000, key), 10);
      if (status.ok()) status = device.database.db().Flush(rocksdb::FlushOptions());
    }
    EXPECT_TRUE(SaysNoSpace(status)) << status.ToString();
    EXPECT_FALSE(device.errors->fatal());
    EXPECT_TRUE(device.database.Read() == device.model);
    reasons.merge(device.errors->reasons());
  }
  EXPECT_TRUE(met_both()) << ::testing::PrintToString(reasons);
  for (const auto& device : devices) device->GiveBack();
  for (const auto& device : devices) device->ExpectItGoesOn();
}

TEST(DatabaseSpaceTest, CompactionThatFillsTheDeviceCostsNothingAndIsDoneWhenSpaceReturns) {
  TestDatabase database(
      MemoryDevice(32u << 20),
      {.format = true, .create_if_missing = true, .write_buffer_bytes = 4u << 20});
  ASSERT_TRUE(database.open_status().ok()) << database.open_status().ToString();
  Random random(TestSeed(7));
  Content model;
  for (int table = 0; table < 3; ++table) {  // one fewer than RocksDB compacts by itself
    for (int i = 0; i < 100; ++i) {
      std::string value(30'000, '\0');
      random.Fill({reinterpret_cast<uint8_t*>(value.data()), value.size()});
      const std::string key = "key" + std::to_string(random.Below(1000));
      ASSERT_TRUE(database.db().Put(rocksdb::WriteOptions(), key, value).ok());
      model[key] = std::move(value);
    }
    ASSERT_TRUE(database.db().Flush(rocksdb::FlushOptions()).ok());
  }
  OpenOptions create;
  create.mode = OpenMode::kCreateNew;
  Result<std::unique_ptr<File>> filler = database.blobfs().Open("/filler", create);
  ASSERT_TRUE(filler.ok());
  const uint64_t free_bytes = database.blobfs().Space()->free_bytes;
  ASSERT_TRUE(filler.value()->Preallocate(free_bytes - (2u << 20)).ok());

  const auto compact = [&] {
    rocksdb::CompactRangeOptions all;
    all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    return database.db().CompactRange(all, nullptr, nullptr);
  };
  const rocksdb::Status full = compact();
  ASSERT_TRUE(SaysNoSpace(full)) << full.ToString();
  EXPECT_TRUE(database.Read() == model);

  filler.value().reset();
  ASSERT_TRUE(database.blobfs().Delete("/filler").ok());
  rocksdb::Status status = compact();
  while (SaysNoSpace(status) || status.IsCompactionTooLarge()) {  // until RocksDB sees the space
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    status = compact();
  }
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_TRUE(database.Read() == model);
  database.Open();
  ASSERT_TRUE(database.open_status().ok()) << database.open_status().ToString();
  EXPECT_TRUE(database.Read() == model);
  const std::vector<std::string> files = database.blobfs().List("/db/");
  EXPECT_EQ(std::count_if(files.begin(), files.end(),
                          [](const std::string& name) { return name.ends_with(".sst"); }),
            1)
      << "what the first attempt has written keeps its space";
}

// RocksDB's own rules: what it calls fatal ends writing until the database is opened again.
TEST(DatabaseSpaceTest, ACompactionOfATransactionDatabaseThatFindsNoSpaceEndsIt) {
  SmallDevice device({.write_buffer_bytes = 4u << 20, .allow_2pc = true});
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(device.Put("key" + std::to_string(i), 30'000).ok());
  ASSERT_TRUE(device.database.db().Flush(rocksdb::FlushOptions()).ok());
  device.LeaveClusters(4);
  rocksdb::CompactRangeOptions all;
  all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  const rocksdb::Status status = device.database.db().CompactRange(all, nullptr, nullptr);
  ASSERT_TRUE(SaysNoSpace(status)) << status.ToString();
  EXPECT_EQ(device.errors->reasons(), std::set{BackgroundErrorReason::kCompaction});
  device.GiveBack();
  device.ExpectItHasEnded();
}

TEST(DatabaseSpaceTest, ANewLogWithoutAMetadataPageEndsIt) {
  SmallDevice device({.write_buffer_bytes = 1u << 20});
  ASSERT_TRUE(device.Put("first", 10'000).ok());
  OpenOptions create;
  create.mode = OpenMode::kCreateNew;
  int files = 0;
  while (device.database.blobfs().Open("/file" + std::to_string(files), create).ok()) ++files;
  const rocksdb::Status status = device.PutUntilItFails(10'000);
  ASSERT_TRUE(SaysNoSpace(status)) << status.ToString();
  EXPECT_EQ(device.errors->reasons(), std::set{BackgroundErrorReason::kMemTable});
  while (files > 0) {
    ASSERT_TRUE(device.database.blobfs().Delete("/file" + std::to_string(--files)).ok());
  }
  device.ExpectItHasEnded();
}

}  // namespace

}  // namespace ashlar::rocks
