// RocksDB itself on a BlobFS: power cuts at every step of what it does.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "cpp/blobfs/fs_checker.h"
#include "cpp/rocksdb/test_database.h"
#include "cpp/runtime/runtime.h"
#include "cpp/testing/crash_device.h"
#include "cpp/testing/random.h"
#include "cpp/testing/run_task.h"
#include "cpp/testing/shared_device.h"
#include "rocksdb/write_batch.h"

namespace ashlar::rocks {

namespace {

// Every change writes its number here, in one batch with what it does.
constexpr const char* kLast = "last";

std::unique_ptr<Device> Share(const std::shared_ptr<CrashDevice>& device) {
  return std::make_unique<SharedDevice>(device, nullptr, nullptr);
}

// "", or all that the strict checker finds on a device that nobody has open.
std::string Check(CrashDevice& device) {
  const std::unique_ptr<Channel> channel = std::move(device.OpenChannel()).value();
  const Result<FsCheckReport> report = RunTask(*channel, CheckBlobFs(*channel, device.info()));
  if (!report.ok()) return report.status().ToString();
  std::string text;
  for (const std::string& problem : report.value().problems) text.append(problem).append("\n");
  return text;
}

// Changes of a database one after the other, with what it held after each and what of it is
// durable.
class History {
 public:
  History(std::shared_ptr<CrashDevice> device, uint64_t seed)
      : device_(std::move(device)), random_(seed) {}

  void Change(TestDatabase& database, bool synced) {
    rocksdb::WriteBatch batch;
    Content next = states_.back();
    const std::string key = "key" + std::to_string(random_.Below(30));
    if (random_.OneIn(3)) {
      next.erase(key);
      batch.Delete(key);
    } else {
      const auto letter = static_cast<char>('a' + random_.Below(26));
      next[key] = std::string(random_.Below(random_.OneIn(4) ? 4000 : 400), letter);
      batch.Put(key, next[key]);
    }
    next[kLast] = std::to_string(states_.size());
    batch.Put(kLast, next[kLast]);
    states_.push_back(std::move(next));
    began_.push_back(device_->log_position());
    rocksdb::WriteOptions options;
    options.sync = synced;
    const rocksdb::Status status = database.db().Write(options, &batch);
    ASSERT_TRUE(status.ok()) << status.ToString();
    if (synced) AllIsDurable();
  }

  void AllIsDurable() { durable_.push_back({device_->log_position(), states_.size() - 1}); }

  // Creates, appends, syncs, renames and deletes files in all the ways RocksDB has. Of unsynced
  // changes there are never so many that a log could fill a buffer of its file with them: they
  // would be written before those of the log before it, and RocksDB promises no order there.
  void Run(TestDatabase& database, int changes) {
    uint64_t unsynced = 0;
    for (int i = 0; i < changes && !testing::Test::HasFatalFailure(); ++i) {
      const bool synced = unsynced == 8 || random_.OneIn(3);
      unsynced = synced ? 0 : unsynced + 1;
      Change(database, synced);
      if (i % 25 == 11) {
        ASSERT_TRUE(database.db().Flush(rocksdb::FlushOptions()).ok());
        AllIsDurable();
      }
      if (i % 50 == 30) {
        ASSERT_TRUE(
            database.db().CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr).ok());
        AllIsDurable();
      }
      if (i % 40 == 39) {
        database.Open();
        ASSERT_TRUE(database.open_status().ok()) << database.open_status().ToString();
        AllIsDurable();
      }
    }
  }

  // "" if a power cut at `position` may leave that: all changes up to some number, which is not
  // below that of the last one that was durable.
  std::string Judge(size_t position, const Content& found) {
    size_t durable = 0;
    for (const Durable& point : durable_) {
      if (point.position <= position) durable = point.changes;
    }
    const auto begun = static_cast<size_t>(
        std::upper_bound(began_.begin(), began_.end(), position) - began_.begin());
    const auto last = found.find(kLast);
    const size_t number = last == found.end() ? 0 : std::stoul(last->second);
    if (number < durable || number > begun) {
      return "the last change is " + std::to_string(number) + ", not one of " +
             std::to_string(durable) + " to " + std::to_string(begun);
    }
    lost_ += number < begun ? 1 : 0;
    kept_ += number > durable ? 1 : 0;
    return found == states_[number] ? "" : "not the state after change " + std::to_string(number);
  }

  // Contents judged that lacked a change that was begun, and that had one that was not yet durable.
  uint64_t lost() const { return lost_; }
  uint64_t kept() const { return kept_; }

 private:
  struct Durable {
    size_t position;
    size_t changes;
  };

  const std::shared_ptr<CrashDevice> device_;
  Random random_;
  std::vector<Content> states_{Content()};  // [n]: after n changes
  std::vector<size_t> began_;               // [n]: where change n + 1 began in the device's log
  std::vector<Durable> durable_;
  uint64_t lost_ = 0;
  uint64_t kept_ = 0;
};

struct Shard {
  uint64_t seed;
  uint32_t sector_bytes;
  bool inline_io;
};

void PrintTo(const Shard& shard, std::ostream* out) {
  *out << "seed " << shard.seed << ", sectors of " << shard.sector_bytes;
}

class DatabaseCrashTest : public testing::TestWithParam<Shard> {
 protected:
  // Not started and stopped with each image.
  DatabaseCrashTest() : runtime_(Runtime::Acquire({}).value()) {}

  std::shared_ptr<CrashDevice> NewDevice(DiskImage image) const {
    CrashDeviceOptions options;
    options.sector_bytes = GetParam().sector_bytes;
    options.inline_io = GetParam().inline_io;
    options.max_delay_polls = 0;
    options.seed = seed_;
    return std::move(CrashDevice::FromImage(options, std::move(image))).value();
  }

  // What the database holds that is found on the image, or why there is none. The device gets the
  // log of its recovery; what that leaves behind, with or without a clean end, is in good order.
  std::string Recover(const std::shared_ptr<CrashDevice>& device, bool close, Content* content) {
    {
      TestDatabase database(Share(device), {.create_if_missing = true});
      if (!database.open_status().ok()) return database.open_status().ToString();
      *content = database.Read();
      const std::vector<std::string>& damage = database.blobfs().report().damage;
      if (!damage.empty()) return damage[0];
      if (!close) database.Die();
    }
    return Check(*device);
  }

  const uint64_t seed_ = TestSeed(GetParam().seed);
  const std::shared_ptr<Runtime> runtime_;
};

constexpr size_t kImages = 270;  // of each shard

// Also of the power cut in the recovery from a power cut. Small clusters and many flushes of
// memtables: new logs come to lie where old ones lay, so that valid records of old stand behind the
// ends of logs (R8).
TEST_P(DatabaseCrashTest, EveryPowerCutLeavesAllChangesUpToOneAndTheSyncedOnes) {
  SCOPED_TRACE("ASHLAR_SEED=" + std::to_string(seed_));
  const std::shared_ptr<CrashDevice> device = NewDevice(DiskImage(8 * kMiB));
  History history(device, seed_);
  size_t first = 0;
  {
    BlobFsDevice spec;
    spec.format = true;
    spec.format_options.cluster_bytes = 64u << 10;
    ASSERT_TRUE(BlobFs::OpenOn(Share(device), spec, {}).ok());
    first = device->log_position();
    TestDatabase database(Share(device), {.create_if_missing = true});
    ASSERT_TRUE(database.open_status().ok()) << database.open_status().ToString();
    history.Run(database, 100);
  }
  ASSERT_FALSE(HasFailure());
  Random random(seed_);
  const size_t steps = device->log_position() - first;
  for (size_t i = 0; i < kImages / 2; ++i) {
    const size_t position = first + (i * steps + random.Below(steps)) / (kImages / 2);
    const uint64_t image_seed = random.Next();
    SCOPED_TRACE("power cut at " + std::to_string(position) + ", image " +
                 std::to_string(image_seed));
    const std::shared_ptr<CrashDevice> survivor =
        NewDevice(device->CrashImage(position, image_seed));
    Content found;
    ASSERT_EQ(Recover(survivor, random.OneIn(2), &found), "");
    ASSERT_EQ(history.Judge(position, found), "");

    const size_t again = random.Below(survivor->log_position() + 1);
    SCOPED_TRACE("and in the recovery at " + std::to_string(again));
    Content found_again;
    ASSERT_EQ(
        Recover(NewDevice(survivor->CrashImage(again, image_seed)), random.OneIn(2), &found_again),
        "");
    ASSERT_TRUE(found_again == found) << "what had been found once is lost";
  }
  // Otherwise no cut came between two steps, and this has shown little.
  EXPECT_GT(history.lost(), 0u);
  EXPECT_GT(history.kept(), 0u);
}

// The control: on a drive that lies about flushes the test above must find something.
TEST_P(DatabaseCrashTest, DriveThatLiesAboutFlushesLosesSyncedChanges) {
  const std::shared_ptr<CrashDevice> device = NewDevice(DiskImage(8 * kMiB));
  History history(device, seed_);
  {
    TestDatabase database(Share(device), {.format = true, .create_if_missing = true});
    ASSERT_TRUE(database.open_status().ok()) << database.open_status().ToString();
    device->LieAboutFlush(true);
    for (int i = 0; i < 60 && !HasFatalFailure(); ++i) history.Change(database, true);
  }
  bool found_out = false;
  for (uint64_t image = 1; image <= 40 && !found_out; ++image) {
    const std::shared_ptr<CrashDevice> survivor =
        NewDevice(device->CrashImage(device->log_position(), image));
    Content found;
    found_out = !Recover(survivor, true, &found).empty() ||
                !history.Judge(device->log_position(), found).empty();
  }
  EXPECT_TRUE(found_out) << "seed " << seed_;
}

INSTANTIATE_TEST_SUITE_P(Shards, DatabaseCrashTest,
                         testing::Values(Shard{1, 512, true}, Shard{2, 4096, true},
                                         Shard{3, 512, false}, Shard{4, 4096, false},
                                         Shard{5, 512, true}, Shard{6, 4096, true},
                                         Shard{7, 512, false}, Shard{8, 4096, false}),
                         [](const auto& shard) { return std::to_string(shard.param.seed); });

}  // namespace

}  // namespace ashlar::rocks
