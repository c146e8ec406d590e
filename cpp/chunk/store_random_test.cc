// Long random sequences against a model, on every kind of device, across reopens.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ashlar/store.h"
#include "cpp/testing/chunk_model.h"
#include "cpp/testing/temp_dir.h"
#include "cpp/testing/test_store.h"

namespace ashlar {
namespace {

enum class Kind { kMemory, kCrash, kUring, kPread };

std::string KindName(Kind kind) {
  switch (kind) {
    case Kind::kMemory:
      return "Memory";
    case Kind::kCrash:
      return "Crash";
    case Kind::kUring:
      return "Uring";
    case Kind::kPread:
      return "Pread";
  }
  return "";
}

struct Case {
  Kind kind;
  uint32_t reactors;
  bool aligned;
};

std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  return KindName(info.param.kind) + std::to_string(info.param.reactors) +
         (info.param.aligned ? "Aligned" : "Unaligned");
}

class StoreRandomTest : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr uint64_t kDeviceBytes = 96 * kMiB;

  StoreRandomTest() : test_(RuntimeOptions()) {}

  TestStore::Options RuntimeOptions() const {
    TestStore::Options options;
    options.reactors = GetParam().reactors;
    options.buffer_bytes = 2 << 20;
    return options;
  }

  // Options that format a fresh device.
  StoreOpenOptions Fresh() {
    switch (GetParam().kind) {
      case Kind::kMemory:
        return TestStore::Memory(kDeviceBytes);
      case Kind::kCrash: {
        DropCrashDevice("random");
        CrashDeviceOptions crash;
        crash.size_bytes = kDeviceBytes;
        crash.seed = 2;  // lays pages out
        EXPECT_TRUE(AddCrashDevice("random", std::move(CrashDevice::Make(crash)).value()).ok());
        return TestStore::Crash("random", true);
      }
      case Kind::kUring:
      case Kind::kPread:
        break;
    }
    StoreOpenOptions options = TestStore::File(folder_.Join("store"), kDeviceBytes);
    options.device.use_uring = GetParam().kind == Kind::kUring;
    return options;
  }
  static StoreOpenOptions Again(StoreOpenOptions options) {
    options.format = false;
    options.device.create = false;
    return options;
  }

  TempDir folder_;
  TestStore test_;
};

TEST_P(StoreRandomTest, EverythingReadIsWhatWasWritten) {
  const uint64_t seed = TestSeed(4711);
  SCOPED_TRACE(::testing::Message() << "ASHLAR_SEED=" << seed);
  const StoreOpenOptions fresh = Fresh();
  const Status opened = test_.OpenAndStart(fresh);
  ASSERT_TRUE(opened.ok()) << opened.ToString();
  ChunkModel::Options options;
  options.seed = seed;
  options.reactors = GetParam().reactors;
  options.aligned_memory = GetParam().aligned;
  options.client = &test_.client();
  options.store = &test_.store();
  ChunkModel model(options);
  ASSERT_EQ(model.Run(1500), "");
  ASSERT_EQ(model.VerifyAll(), "");
  EXPECT_EQ(test_->Numbers().used_pages, model.mapped_pages());
  EXPECT_EQ(test_->Numbers().internal_errors, 0u);

  // A clean close: the saved bitmaps equal those that recovery builds from the map.
  ASSERT_TRUE(test_->Quiesce().ok());
  const auto blobs = test_->SpaceBlobs();
  ASSERT_TRUE(blobs.ok());
  std::vector<std::vector<uint64_t>> saved;
  for (const SpaceBlob& blob : blobs.value()) {
    saved.push_back(std::move(test_->Bitmap(blob.root)).value());
  }
  ASSERT_TRUE(test_.Close(true).ok());
  if (GetParam().kind == Kind::kMemory) return;  // its content is gone

  const Status reopened = test_.Open(Again(fresh));
  ASSERT_TRUE(reopened.ok()) << reopened.ToString();
  EXPECT_TRUE(test_->Numbers().was_clean);
  ASSERT_EQ(test_.MarkUsed(model.MappedPages()), "");
  EXPECT_EQ(test_->Numbers().used_pages, model.mapped_pages());
  for (size_t i = 0; i < saved.size(); ++i) {
    const auto rebuilt = test_->Bitmap(blobs.value()[i].root);
    ASSERT_TRUE(rebuilt.ok());
    EXPECT_EQ(rebuilt.value(), saved[i]);
  }
  ASSERT_TRUE(test_->Start().ok());
  model.set_store(&test_.store());
  ASSERT_EQ(model.VerifyAll(), "");
  ASSERT_EQ(model.Run(300), "");

  // Without a clean close, from the saved words.
  ASSERT_TRUE(test_.Close(false).ok());
  ASSERT_TRUE(test_.Open(Again(fresh)).ok());
  EXPECT_FALSE(test_->Numbers().was_clean);
  ASSERT_EQ(test_.MarkUsed(model.MappedPages()), "");
  ASSERT_TRUE(test_->Start().ok());
  model.set_store(&test_.store());
  ASSERT_EQ(model.Run(300), "");
  ASSERT_EQ(model.VerifyAll(), "");
  ASSERT_EQ(model.FreeAll(), "");
  EXPECT_EQ(test_->Numbers().used_pages, 0u);
  EXPECT_EQ(test_->Numbers().internal_errors, 0u);
  EXPECT_TRUE(test_.Close(true).ok());
}

INSTANTIATE_TEST_SUITE_P(
    Devices, StoreRandomTest,
    ::testing::Values(Case{Kind::kMemory, 1, false}, Case{Kind::kMemory, 3, false},
                      Case{Kind::kCrash, 1, false}, Case{Kind::kCrash, 2, true},
                      Case{Kind::kUring, 2, false}, Case{Kind::kUring, 1, true},
                      Case{Kind::kPread, 2, false}),
    CaseName);

}  // namespace
}  // namespace ashlar
