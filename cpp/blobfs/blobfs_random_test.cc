// Random operations against a model: in one life with reopening, and with power cuts at every step.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cpp/runtime/runtime.h"
#include "cpp/testing/fs_model.h"

namespace ashlar {
namespace {

struct Case {
  uint32_t sector_bytes;
  bool inline_reads;
};

class BlobFsRandomTest : public ::testing::TestWithParam<Case> {
 protected:
  // Not started and stopped with each of many file systems.
  BlobFsRandomTest() : runtime_(Runtime::Acquire({}).value()) {}

  CrashDeviceOptions DeviceOptions() const {
    CrashDeviceOptions options;
    options.size_bytes = 16 * kMiB;
    options.sector_bytes = GetParam().sector_bytes;
    options.inline_io = GetParam().inline_reads;
    return options;
  }

  std::shared_ptr<Runtime> runtime_;
};

INSTANTIATE_TEST_SUITE_P(Devices, BlobFsRandomTest,
                         ::testing::Values(Case{512, true}, Case{4096, false}),
                         [](const auto& test) {
                           return "Sector" + std::to_string(test.param.sector_bytes);
                         });

TEST_P(BlobFsRandomTest, AgreesWithAModelInMemory) {
  const uint64_t seed = TestSeed(11);
  SCOPED_TRACE("ASHLAR_SEED=" + std::to_string(seed));
  TestFs fs(TestFs::NewCrashDevice(DeviceOptions()));
  BlobFsOptions options;
  options.flush_writes_tail = true;
  ASSERT_TRUE(fs.Format(options).ok());
  FsExerciser exerciser(fs, seed);
  for (int step = 0; step < 1500; ++step) {
    std::string what;
    ASSERT_EQ(exerciser.Step(&what), "") << what << " at step " << step;
    if (step % 100 == 99) {
      ASSERT_EQ(exerciser.Compare(), "") << "at step " << step;
    }
    if (step % 300 == 299) {
      ASSERT_EQ(exerciser.CloseAndReopen(), "") << "at step " << step;
      ASSERT_EQ(exerciser.Compare(), "") << "after reopening at step " << step;
    }
  }
  EXPECT_EQ(static_cast<CrashDevice&>(fs.device()).buffers_changed_in_flight(), 0u);
}

// Rules R7, R8, R9: whatever the moment of the power cut, the names are those before or after the
// operation that was running, and each file has at least what was durable and nothing that was
// never appended.
TEST_P(BlobFsRandomTest, EveryPowerCutLeavesAStateThatWas) {
  const uint64_t seed = TestSeed(12);
  SCOPED_TRACE("ASHLAR_SEED=" + std::to_string(seed));
  constexpr size_t kImages = 700;
  auto device = TestFs::NewCrashDevice(DeviceOptions());
  TestFs fs(device);
  ASSERT_TRUE(fs.Format().ok());
  FsExerciser exerciser(fs, seed);
  // states[i] holds from the end of operation i, at ends[i], to that of the next.
  std::vector<ModelState> states = {exerciser.state()};
  std::vector<size_t> ends = {device->log_position()};
  for (int step = 0; step < 250; ++step) {
    std::string what;
    ASSERT_EQ(exerciser.Step(&what), "") << what << " at step " << step;
    if (device->log_position() == ends.back()) {
      states.back() = exerciser.state();  // it happened in memory
    } else {
      states.push_back(exerciser.state());
      ends.push_back(device->log_position());
    }
  }
  CrashImageOptions images;
  images.seed = seed;
  images.images = kImages;
  images.first_position = ends.front();
  size_t at = 0;
  size_t removed = 0;
  ForEachCrashImage(*device, images, [&](PowerCut& cut) {
    while (at + 1 < ends.size() && ends[at + 1] <= cut.position) ++at;
    const bool running = cut.position > ends[at] && at + 1 < ends.size();
    TestFs after(TestFs::NewCrashDevice(DeviceOptions(), std::move(cut.image)));
    std::string wrong;
    const Status opened = after.Open();
    if (!opened.ok()) {
      wrong += opened.ToString();
    } else {
      removed += after->report().removed;
      if (!after->report().damage.empty()) wrong += "damage: " + after->report().damage[0];
      wrong += CheckAfterPowerCut(after, states[at], states[running ? at + 1 : at]);
    }
    if (wrong.empty() && cut.seed % 4 == 0) {
      if (cut.seed % 16 == 0 && !after.Close().ok()) wrong = "it cannot be closed";
      after.Crash();
      wrong += after.Check();
    }
    EXPECT_EQ(wrong, "") << "power cut at " << cut.position << ", seed " << cut.seed
                         << ", after operation " << at;
    return wrong.empty();
  });
  EXPECT_GT(removed, 0u) << "no crash came between two steps: this test has shown little";
}

// Rule R9, with the old file open, so that it is not just gone.
TEST_P(BlobFsRandomTest, ARenameOverANameIsOneStepAtEveryPowerCut) {
  auto device = TestFs::NewCrashDevice(DeviceOptions());
  TestFs fs(device);
  ASSERT_TRUE(fs.Format().ok());
  ASSERT_TRUE(fs.Put("/CURRENT", "old").ok());
  ASSERT_TRUE(fs.Put("/dbtmp", "new").ok());
  const std::unique_ptr<File> reader = fs.MustOpen("/CURRENT", {});
  const size_t begin = device->log_position();
  ASSERT_TRUE(fs->Rename("/dbtmp", "/CURRENT").ok());
  const size_t end = device->log_position();
  for (size_t position = begin; position <= end; ++position) {
    for (uint64_t seed = 1; seed <= 12; ++seed) {
      SCOPED_TRACE("power cut at " + std::to_string(position) + ", seed " + std::to_string(seed));
      TestFs after(TestFs::NewCrashDevice(DeviceOptions(), device->CrashImage(position, seed)));
      ASSERT_TRUE(after.Open().ok());
      const bool renamed = !after->Exists("/dbtmp");
      EXPECT_EQ(after.Get("/CURRENT"), renamed ? "new" : "old");
      EXPECT_TRUE(renamed || after.Get("/dbtmp") == "new");
      EXPECT_TRUE(renamed || position < end);
      after.Crash();
      EXPECT_EQ(after.Check(), "");
    }
  }
}

// The controls: on a drive that lies about flushes the check above must find something.
TEST_P(BlobFsRandomTest, ADriveThatLiesAboutFlushesIsFoundOut) {
  const uint64_t seed = TestSeed(13);
  auto device = TestFs::NewCrashDevice(DeviceOptions());
  TestFs fs(device);
  ASSERT_TRUE(fs.Format().ok());
  FsExerciser exerciser(fs, seed);
  device->LieAboutFlush(true);
  const ModelState empty = exerciser.state();
  for (int step = 0; step < 150; ++step) {
    std::string what;
    ASSERT_EQ(exerciser.Step(&what), "") << what;
  }
  bool found_out = false;
  for (uint64_t cut = 0; cut < 50 && !found_out; ++cut) {
    TestFs after(
        TestFs::NewCrashDevice(DeviceOptions(), device->CrashImage(device->log_position(), cut)));
    found_out = !after.Open().ok() ||
                !CheckAfterPowerCut(after, exerciser.state(), exerciser.state()).empty();
  }
  EXPECT_TRUE(found_out);
}

}  // namespace
}  // namespace ashlar
