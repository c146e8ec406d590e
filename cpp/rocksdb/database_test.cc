// RocksDB itself on a BlobFS: what happens when the device fails.
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "cpp/rocksdb/test_database.h"
#include "cpp/testing/crash_device.h"
#include "cpp/testing/shared_device.h"

namespace ashlar::rocks {

namespace {

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
