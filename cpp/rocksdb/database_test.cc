// RocksDB itself on a BlobFS: power cuts, a full device, damage.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cpp/blobfs/blobfs.h"
#include "cpp/rocksdb/core/mount.h"
#include "cpp/rocksdb/plugin/blobfs_file_system.h"
#include "cpp/testing/crash_device.h"
#include "cpp/testing/random.h"
#include "cpp/testing/shared_device.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"

namespace ashlar::rocks {

namespace {

using Content = std::map<std::string, std::string>;

constexpr const char* kPath = "/db";

// A database on a device; everything is closed in the right order at the end.
class Database {
 public:
  Database(std::unique_ptr<Device> device, bool format, size_t write_buffer_bytes = 64 << 10) {
    BlobFsDevice spec;
    spec.format = format;
    spec.format_options.cluster_bytes = 64u << 10;
    Result<std::unique_ptr<BlobFs>> opened =
        BlobFs::OpenOn(std::move(device), spec, BlobFsOptions());
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    if (!opened.ok()) return;
    blobfs_ = std::move(opened).value();
    mount_ = Mount::Create(blobfs_);
    env_ = rocksdb::NewCompositeEnv(std::make_shared<BlobFsFileSystem>(Core(), mount_));
    options_.env = env_.get();
    options_.create_if_missing = format;
    options_.write_buffer_size = write_buffer_bytes;
    options_.manifest_preallocation_size = 64 << 10;
    options_.max_background_jobs = 1;
    options_.info_log_level = rocksdb::InfoLogLevel::FATAL_LEVEL;
    Open();
  }
  ~Database() {
    db_.reset();
    if (mount_ != nullptr) {
      EXPECT_TRUE(mount_->Unmount().ok());
    }
  }

  void Open() {
    db_.reset();
    rocksdb::DB* db = nullptr;
    open_status_ = rocksdb::DB::Open(options_, kPath, &db);
    db_.reset(db);
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

rocksdb::WriteOptions Synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

// --- power cuts ----------------------------------------------------------------------------------

// Synced changes one after the other, with what the database held after each.
class History {
 public:
  explicit History(uint64_t seed) : random_(seed) {}

  void Change(Database& database, const CrashDevice& device) {
    const std::string key = "key" + std::to_string(random_.Below(40));
    Content next = states_.back();
    rocksdb::Status status;
    if (random_.Below(3) == 0) {
      next.erase(key);
      status = database.db().Delete(Synced(), key);
    } else {
      const std::string value(random_.Below(3000), static_cast<char>('a' + random_.Below(26)));
      next[key] = value;
      status = database.db().Put(Synced(), key, value);
    }
    ASSERT_TRUE(status.ok()) << status.ToString();
    states_.push_back(std::move(next));
    acknowledged_.push_back(device.log_position());
  }

  // The state that was acknowledged last at that position, or the one after it.
  bool MayBe(size_t position, const Content& found) const {
    const auto after = std::upper_bound(acknowledged_.begin(), acknowledged_.end(), position);
    const auto count = static_cast<size_t>(after - acknowledged_.begin());
    return found == states_[count] || (count + 1 < states_.size() && found == states_[count + 1]);
  }

 private:
  Random random_;
  std::vector<Content> states_{Content()};  // [n]: after n changes
  std::vector<size_t> acknowledged_;        // positions in the device's log
};

// Small clusters and many flushes of memtables: new logs come to lie where old ones lay, so that
// valid records of old stand behind the ends of logs (R8).
TEST(DatabaseCrashTest, SyncedChangesAndNoOthersAreThereAfterEveryPowerCut) {
  const uint64_t seed = TestSeed(7);
  CrashDeviceOptions options;
  options.size_bytes = 16 * kMiB;
  options.seed = seed;
  Result<std::unique_ptr<CrashDevice>> made = CrashDevice::Make(options);
  ASSERT_TRUE(made.ok());
  const std::shared_ptr<CrashDevice> device = std::move(made).value();
  History history(seed);
  CrashImageOptions images;
  images.seed = seed;
  images.images = 150;
  {
    Database database(std::make_unique<SharedDevice>(device, nullptr, nullptr), true);
    ASSERT_TRUE(database.open_status().ok()) << database.open_status().ToString();
    images.first_position = device->log_position();
    for (int i = 0; i < 400; ++i) {
      history.Change(database, *device);
      if (HasFatalFailure()) return;
      if (i % 60 == 59) {
        ASSERT_TRUE(database.db().Flush(rocksdb::FlushOptions()).ok());
      }
      if (i % 150 == 149) database.Open();
    }
  }
  ForEachCrashImage(*device, images, [&](PowerCut& cut) {
    CrashDeviceOptions survivor;
    survivor.max_delay_polls = 0;
    Result<std::unique_ptr<CrashDevice>> image =
        CrashDevice::FromImage(survivor, std::move(cut.image));
    EXPECT_TRUE(image.ok());
    Database database(std::move(image).value(), false);
    EXPECT_TRUE(database.open_status().ok())
        << database.open_status().ToString() << " at " << cut.position << ", seed " << seed;
    if (!database.open_status().ok()) return false;
    EXPECT_TRUE(history.MayBe(cut.position, database.Read()))
        << "at " << cut.position << ", image " << cut.seed << ", seed " << seed;
    EXPECT_TRUE(database.blobfs().report().damage.empty());
    return !testing::Test::HasFailure();
  });
}

// The control: on a drive that lies about flushes the test above must find something.
TEST(DatabaseCrashTest, DriveThatLiesAboutFlushesLosesSyncedChanges) {
  const uint64_t seed = TestSeed(7);
  CrashDeviceOptions options;
  options.size_bytes = 16 * kMiB;
  options.seed = seed;
  Result<std::unique_ptr<CrashDevice>> made = CrashDevice::Make(options);
  ASSERT_TRUE(made.ok());
  const std::shared_ptr<CrashDevice> device = std::move(made).value();
  History history(seed);
  CrashImageOptions images;
  images.seed = seed;
  images.images = 40;
  {
    Database database(std::make_unique<SharedDevice>(device, nullptr, nullptr), true);
    ASSERT_TRUE(database.open_status().ok()) << database.open_status().ToString();
    device->LieAboutFlush(true);
    images.first_position = device->log_position();
    for (int i = 0; i < 60 && !HasFatalFailure(); ++i) history.Change(database, *device);
  }
  size_t wrong = 0;
  ForEachCrashImage(*device, images, [&](PowerCut& cut) {
    CrashDeviceOptions survivor;
    survivor.max_delay_polls = 0;
    Result<std::unique_ptr<CrashDevice>> image =
        CrashDevice::FromImage(survivor, std::move(cut.image));
    EXPECT_TRUE(image.ok());
    Database database(std::move(image).value(), false);
    if (!database.open_status().ok() || !history.MayBe(cut.position, database.Read())) ++wrong;
    return wrong == 0;
  });
  EXPECT_GT(wrong, 0u) << "seed " << seed;
}

// --- failures ------------------------------------------------------------------------------------

std::unique_ptr<Device> MemoryDevice(uint64_t size_bytes) {
  DeviceSpec spec;
  spec.kind = DeviceKind::kMemory;
  spec.size_bytes = size_bytes;
  Result<std::unique_ptr<Device>> device = OpenDevice(spec);
  EXPECT_TRUE(device.ok()) << device.status().ToString();
  return std::move(device).value();
}

// The error itself, or that of a write which waited for a flush that met it.
bool SaysNoSpace(const rocksdb::Status& status) {
  return status.ToString().find("No space left on device") != std::string::npos;
}

TEST(DatabaseFailureTest, FullDeviceIsABackgroundErrorUntilSpaceReturns) {
  Database database(MemoryDevice(32u << 20), true, 2 << 20);
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

TEST(DatabaseFailureTest, FailedFlushOfTheDriveEndsWritingForGood) {
  CrashDeviceOptions options;
  options.size_bytes = 16 * kMiB;
  Result<std::unique_ptr<CrashDevice>> made = CrashDevice::Make(options);
  ASSERT_TRUE(made.ok());
  const std::shared_ptr<CrashDevice> device = std::move(made).value();
  Database database(std::make_unique<SharedDevice>(device, nullptr, nullptr), true);
  ASSERT_TRUE(database.db().Put(Synced(), "a", "1").ok());
  device->FailNth(IoRequest::Op::kFlush, 1, EIO);
  EXPECT_TRUE(database.db().Put(Synced(), "b", "2").IsIOError());
  EXPECT_FALSE(database.db().Put(Synced(), "c", "3").ok()) << "a retry counts as success (R10)";
  std::string value;
  EXPECT_TRUE(database.db().Get(rocksdb::ReadOptions(), "a", &value).ok());
}

}  // namespace

}  // namespace ashlar::rocks
