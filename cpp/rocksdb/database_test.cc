// RocksDB itself on a BlobFS: what happens when the device fails or is full.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cpp/rocksdb/test_database.h"
#include "cpp/testing/crash_device.h"
#include "cpp/testing/random.h"
#include "cpp/testing/shared_device.h"
#include "cpp/testing/test_spdk.h"

namespace ashlar::rocks {

namespace {

std::unique_ptr<Device> MemoryDevice(uint64_t size_bytes) {
  Result<std::unique_ptr<Device>> device = OpenDevice(TestMemory(size_bytes));
  EXPECT_TRUE(device.ok()) << device.status().ToString();
  return std::move(device).value();
}

// The error itself, or that of a write which waited for a flush that met it.
bool SaysNoSpace(const rocksdb::Status& status) {
  return status.ToString().find("No space left on device") != std::string::npos;
}

TEST(DatabaseFailureTest, FullDeviceIsABackgroundErrorUntilSpaceReturns) {
  TestDatabase database(
      MemoryDevice(32u << 20),
      {.format = true, .create_if_missing = true, .write_buffer_bytes = 2u << 20});
  ASSERT_TRUE(database.open_status().ok()) << database.open_status().ToString();
  OpenOptions create;
  create.mode = OpenMode::kCreateNew;
  Result<std::unique_ptr<File>> filler = database.blobfs().Open("/filler", create);
  ASSERT_TRUE(filler.ok());
  ASSERT_TRUE(filler.value()->Append(std::vector<uint8_t>(6u << 20)).ok());
  ASSERT_TRUE(filler.value()->Sync().ok());

  Random random(TestSeed(7));
  Content model;
  rocksdb::Status status;
  for (int i = 0; status.ok() && i < 4000; ++i) {
    std::string value(10'000, '\0');
    for (char& byte : value) byte = static_cast<char>(random.Below(256));
    const std::string key = "key" + std::to_string(i);
    status = database.db().Put(Synced(), key, value);
    if (status.ok()) model[key] = value;
  }
  ASSERT_TRUE(SaysNoSpace(status)) << status.ToString();
  EXPECT_TRUE(SaysNoSpace(database.db().Put(Synced(), "more", "x")));
  EXPECT_EQ(database.Read(), model);

  filler.value().reset();
  ASSERT_TRUE(database.blobfs().Delete("/filler").ok());
  // RocksDB looks for space every few seconds, and then goes on by itself.
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    status = database.db().Put(Synced(), "more", "x");
  } while (SaysNoSpace(status));
  ASSERT_TRUE(status.ok()) << status.ToString();
  model["more"] = "x";
  EXPECT_EQ(database.Read(), model);
  database.Open();
  ASSERT_TRUE(database.open_status().ok()) << database.open_status().ToString();
  EXPECT_EQ(database.Read(), model);
}

TEST(DatabaseFailureTest, CompactionThatFillsTheDeviceCostsNothingAndIsDoneWhenSpaceReturns) {
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

TEST(DatabaseFailureTest, FailedFlushOfTheDriveEndsWritingForGood) {
  CrashDeviceOptions options;
  options.size_bytes = 16 * kMiB;
  Result<std::unique_ptr<CrashDevice>> made = CrashDevice::Make(options);
  ASSERT_TRUE(made.ok());
  const std::shared_ptr<CrashDevice> device = std::move(made).value();
  TestDatabase database(std::make_unique<SharedDevice>(device, nullptr, nullptr),
                        {.format = true, .create_if_missing = true});
  ASSERT_TRUE(database.db().Put(Synced(), "a", "1").ok());
  device->FailNth(IoRequest::Op::kFlush, 1, EIO);
  EXPECT_TRUE(database.db().Put(Synced(), "b", "2").IsIOError());
  EXPECT_FALSE(database.db().Put(Synced(), "c", "3").ok()) << "a retry counts as success (R10)";
  std::string value;
  EXPECT_TRUE(database.db().Get(rocksdb::ReadOptions(), "a", &value).ok());
}

}  // namespace

}  // namespace ashlar::rocks
