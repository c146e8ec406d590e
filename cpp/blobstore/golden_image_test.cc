// Images that SPDK made: they load, hold what SPDK put in, and survive being changed by us.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "cpp/base/encoding.h"
#include "cpp/testing/crash_device.h"
#include "cpp/testing/sha256.h"
#include "cpp/testing/test_blobstore.h"

namespace ashlar {
namespace {

using ::testing::IsEmpty;

struct GoldenFile {
  uint64_t length;
  std::string sha256;
};

const std::map<std::string, GoldenFile> kGoldenFiles = {
    {"/hello.txt", {13, "3a09967dab3486a84b40ff520544131e5a7cb92fc5fb9f66ecb90a7601097009"}},
    {"/empty", {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},
    {"/page", {4096, "9e23aaf142324905bd4f11c53b1ead19342e79d64b4c5836d9f05fd540aeedc5"}},
    {"/odd", {5000, "58302b5c5d17b34c8b720fcda1b87de9cf11a86020e564ff53a39d022cac8a68"}},
    {"/three_mb", {3145745, "b8e7612f49c01e7e2a2d2b35909d7c6dda36df3501b167d4648fe89102b34784"}},
};

std::vector<uint8_t> Unpack(const std::string& name) {
  const std::string command = "xz -dc '" + std::string(ASHLAR_TESTDATA) + "/" + name + ".img.xz'";
  std::vector<uint8_t> bytes;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return bytes;
  std::vector<uint8_t> block(1u << 20);
  while (const size_t got = std::fread(block.data(), 1, block.size(), pipe)) {
    bytes.insert(bytes.end(), block.begin(), block.begin() + static_cast<ptrdiff_t>(got));
  }
  if (pclose(pipe) != 0) bytes.clear();
  return bytes;
}

class GoldenImageTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::vector<uint8_t> bytes = Unpack(GetParam());
    ASSERT_EQ(bytes.size(), 64 * kMiB) << "is xz installed?";
    CrashDeviceOptions options;
    options.name = GetParam();
    options.sector_bytes = 4096;
    auto device = CrashDevice::FromImage(options, DiskImage::FromBytes(bytes));
    ASSERT_TRUE(device.ok()) << device.status().ToString();
    crash_device_ = device.value().get();
    under_test_.emplace(std::move(device).value());
  }

  bool is_clean() const { return std::string(GetParam()).find("clean") != std::string::npos; }

  // Name, length and hash of every blob, through the API alone.
  std::map<std::string, std::string> Contents() {
    std::map<std::string, std::string> contents;
    Blobstore& store = under_test_->store();
    for (const BlobId id : store.blobs()) {
      const std::string name = store.GetXattr(id, "name").value();
      const std::string length_bytes = store.GetXattr(id, "length").value();
      EXPECT_EQ(name.back(), '\0');
      EXPECT_EQ(length_bytes.size(), 8u);
      const uint64_t length = LoadLittle<uint64_t>(length_bytes.data());
      std::vector<uint8_t> content;
      while (content.size() < length) {
        const auto offset = store.DeviceOffsetOf(id, content.size());
        EXPECT_TRUE(offset.ok()) << offset.status().ToString();
        const std::vector<uint8_t> cluster =
            under_test_->Read(offset.value(), store.cluster_bytes());
        content.insert(content.end(), cluster.begin(), cluster.end());
      }
      content.resize(length);
      contents[name.substr(0, name.size() - 1)] = std::to_string(length) + " " + Sha256Hex(content);
    }
    return contents;
  }

  static std::map<std::string, std::string> Expected() {
    std::map<std::string, std::string> contents;
    for (const auto& [name, file] : kGoldenFiles) {
      contents[name] = std::to_string(file.length) + " " + file.sha256;
    }
    return contents;
  }

  CrashDevice* crash_device_ = nullptr;
  std::optional<TestBlobstore> under_test_;
};

TEST_P(GoldenImageTest, HoldsWhatSpdkPutIn) {
  const Status status = under_test_->Open();
  ASSERT_TRUE(status.ok()) << status.ToString();
  const BlobstoreOpenReport& report = under_test_->store().open_report();
  EXPECT_EQ(report.was_clean, is_clean());
  EXPECT_THAT(report.masks_distrusted, IsEmpty());
  EXPECT_THAT(report.damaged, IsEmpty());
  EXPECT_FALSE(report.shadowed);
  EXPECT_EQ(under_test_->store().type(), "BLOBFS");
  // One cluster of metadata, and 1 + 1 + 1 + 1 + 4 of files: SPDK gives an empty file one, too.
  EXPECT_EQ(under_test_->store().free_clusters(), 55u);
  EXPECT_EQ(under_test_->store().free_metadata_pages(), 54u);
  EXPECT_EQ(Contents(), Expected());
  EXPECT_EQ(under_test_->Check(), "");
}

TEST_P(GoldenImageTest, ReadOnlyOpenWritesNothing) {
  const DiskImage before = crash_device_->FullImage(crash_device_->log_position());
  ASSERT_TRUE(under_test_->Open({.read_only = true, .type = "BLOBFS"}).ok());
  EXPECT_EQ(Contents(), Expected());
  const BlobId id = under_test_->store().blobs()[0];
  EXPECT_EQ(under_test_->Create(1).status().code(), StatusCode::kReadOnly);
  EXPECT_EQ(under_test_->Delete(id).code(), StatusCode::kReadOnly);
  EXPECT_EQ(under_test_->Resize(id, 9).code(), StatusCode::kReadOnly);
  EXPECT_EQ(under_test_->SetXattrAndSync(id, "a", "b").code(), StatusCode::kReadOnly);
  EXPECT_TRUE(under_test_->Close().ok());
  EXPECT_EQ(crash_device_->counters().writes, 0u);
  EXPECT_EQ(crash_device_->counters().flushes, 0u);
  EXPECT_TRUE(crash_device_->FullImage(crash_device_->log_position()) == before);
}

TEST_P(GoldenImageTest, ClosingWithoutAChangeKeepsEverything) {
  ASSERT_TRUE(under_test_->Open().ok());
  ASSERT_TRUE(under_test_->Close().ok());
  EXPECT_EQ(under_test_->Check(), "");
  ASSERT_TRUE(under_test_->Open().ok());
  EXPECT_TRUE(under_test_->store().open_report().was_clean);
  EXPECT_EQ(Contents(), Expected());
}

TEST_P(GoldenImageTest, SurvivesOurChanges) {
  ASSERT_TRUE(under_test_->Open().ok());
  std::map<std::string, BlobId> ids;
  for (const BlobId id : under_test_->store().blobs()) {
    ids[under_test_->store().GetXattr(id, "name").value().c_str()] = id;
  }
  ASSERT_TRUE(under_test_->Resize(ids["/three_mb"], 20).ok());
  ASSERT_TRUE(under_test_->Resize(ids["/three_mb"], 4).ok());
  ASSERT_TRUE(under_test_->SetXattrAndSync(ids["/page"], "ashlar.note", "ours").ok());
  ASSERT_TRUE(under_test_->Delete(ids["/odd"]).ok());
  ASSERT_TRUE(
      under_test_->Create(3, {{"name", std::string("/new\0", 5)}, {"length", std::string(8, '\0')}})
          .ok());
  EXPECT_EQ(under_test_->store().free_clusters(), 53u);

  auto expected = Expected();
  expected.erase("/odd");
  expected["/new"] = "0 " + kGoldenFiles.at("/empty").sha256;
  EXPECT_EQ(Contents(), expected);
  for (const bool clean : {false, true}) {
    if (clean) {
      ASSERT_TRUE(under_test_->Close().ok());
    }
    EXPECT_EQ(under_test_->Check(), "");
    ASSERT_TRUE(under_test_->Open().ok());
    EXPECT_EQ(under_test_->store().open_report().was_clean, clean);
    EXPECT_EQ(Contents(), expected);
    EXPECT_EQ(under_test_->store().GetXattr(ids["/page"], "ashlar.note").value(), "ours");
    EXPECT_EQ(under_test_->store().free_clusters(), 53u);
  }
}

TEST_P(GoldenImageTest, EveryPageEncodesToTheBytesThatSpdkWrote) {
  const std::vector<uint8_t> super_bytes = under_test_->Read(0, kPageBytes);
  std::vector<uint8_t> again(kPageBytes);
  EncodeSuperBlock(under_test_->ReadSuper(), std::span(again).first<kPageBytes>());
  EXPECT_EQ(again, super_bytes);
  int pages = 0;
  for (uint32_t index = 0; index < 64; ++index) {
    const auto bytes = under_test_->Read(under_test_->MetadataOffset(index), kPageBytes);
    if (bytes == std::vector<uint8_t>(kPageBytes)) continue;
    EncodeMetadataPage(under_test_->ReadMetadata(index), std::span(again).first<kPageBytes>());
    EXPECT_EQ(again, bytes) << "page " << index;
    ++pages;
  }
  EXPECT_EQ(pages, 10);
}

INSTANTIATE_TEST_SUITE_P(Images, GoldenImageTest,
                         ::testing::Values("spdk-24.01-blobfs-clean", "spdk-24.01-blobfs-dirty"),
                         [](const auto& image) {
                           return std::string(image.param).find("clean") != std::string::npos
                                      ? "Clean"
                                      : "Dirty";
                         });

}  // namespace
}  // namespace ashlar
