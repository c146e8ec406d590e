// Files that SPDK wrote: they are read byte for byte, and the device stays in order when we change
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "cpp/testing/sha256.h"
#include "cpp/testing/test_fs.h"

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::map<std::string, std::pair<uint64_t, std::string>> kGoldenFiles = {
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

std::string Sha256Of(const std::string& content) {
  return Sha256Hex(std::vector<uint8_t>(content.begin(), content.end()));
}

class BlobFsGoldenTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::vector<uint8_t> bytes = Unpack(GetParam());
    ASSERT_EQ(bytes.size(), 64 * kMiB) << "is xz installed?";
    CrashDeviceOptions options;
    options.sector_bytes = 4096;
    fs_.emplace(TestFs::NewCrashDevice(options, DiskImage::FromBytes(bytes)));
  }

  void ExpectGoldenFiles() {
    for (const auto& [name, file] : kGoldenFiles) {
      const std::string content = fs_->Get(name);
      EXPECT_EQ(content.size(), file.first) << name;
      EXPECT_EQ(Sha256Of(content), file.second) << name;
    }
  }

  std::optional<TestFs> fs_;
};

TEST_P(BlobFsGoldenTest, IsReadByteForByte) {
  BlobFsOptions options;
  options.read_only = true;
  ASSERT_TRUE(fs_->Open(options).ok());
  EXPECT_THAT(fs_->fs().report().damage, IsEmpty());
  EXPECT_THAT(fs_->fs().List(""),
              ElementsAre("/empty", "/hello.txt", "/odd", "/page", "/three_mb"));
  EXPECT_EQ(fs_->Get("/hello.txt"), "hello, blobfs");
  ExpectGoldenFiles();
  const FileStat stat = fs_->fs().Stat("/odd").value();
  EXPECT_EQ(stat.size_bytes, 5000u);
  EXPECT_EQ(stat.mtime_us, 0u);
  EXPECT_EQ(stat.id.value, 0u);
}

TEST_P(BlobFsGoldenTest, StaysInOrderWhenWeChangeIt) {
  ASSERT_TRUE(fs_->Open().ok());
  OpenOptions write;
  write.mode = OpenMode::kWrite;
  ASSERT_TRUE(fs_->MustOpen("/odd", write)->Append(AsBytes("and more")).ok());
  ASSERT_TRUE(fs_->MustOpen("/empty", write)->Append(AsBytes("not any more")).ok());
  ASSERT_TRUE(fs_->MustOpen("/three_mb", write)->Truncate(1'234'567).ok());
  ASSERT_TRUE(fs_->Put("/new.log", Pattern(1, 100'000), FileKind::kLog).ok());
  auto log = fs_->MustOpen("/new.log", write);
  ASSERT_TRUE(log->Append(AsBytes("synced")).ok());
  ASSERT_TRUE(log->Sync().ok());
  log.reset();
  ASSERT_TRUE(fs_->fs().Rename("/page", "/hello.txt").ok());
  ASSERT_TRUE(fs_->fs().Rename("/odd", "/moved").ok());
  const std::string odd = fs_->Get("/moved");
  const std::string cut = fs_->Get("/three_mb");
  EXPECT_EQ(Sha256Of(odd.substr(0, 5000)), kGoldenFiles.at("/odd").second);
  for (const bool clean : {false, true}) {
    if (clean) {
      ASSERT_TRUE(fs_->Close().ok());
    }
    fs_->Crash();
    EXPECT_EQ(fs_->Check(), "");
    ASSERT_TRUE(fs_->Open().ok());
    EXPECT_EQ(fs_->fs().report().was_clean, clean);
    EXPECT_THAT(fs_->fs().List(""),
                ElementsAre("/empty", "/hello.txt", "/moved", "/new.log", "/three_mb"));
    EXPECT_EQ(fs_->Get("/empty"), "not any more");
    EXPECT_EQ(fs_->Get("/moved").substr(5000), "and more");
    EXPECT_TRUE(fs_->Get("/moved") == odd);
    EXPECT_EQ(cut.size(), 1'234'567u);
    EXPECT_TRUE(fs_->Get("/three_mb") == cut);
    EXPECT_EQ(Sha256Of(fs_->Get("/hello.txt")), kGoldenFiles.at("/page").second);
    EXPECT_TRUE(fs_->Get("/new.log") == Pattern(1, 100'000) + "synced");
  }
  for (const char* name : {"/three_mb", "/hello.txt"}) {
    ASSERT_TRUE(fs_->fs().Delete(name).ok());
  }
  ASSERT_TRUE(fs_->Close().ok());
  EXPECT_EQ(fs_->Check(), "");
  ASSERT_TRUE(fs_->Open().ok());
  EXPECT_THAT(fs_->fs().List(""), ElementsAre("/empty", "/moved", "/new.log"));
}

INSTANTIATE_TEST_SUITE_P(Images, BlobFsGoldenTest,
                         ::testing::Values("spdk-24.01-blobfs-clean", "spdk-24.01-blobfs-dirty"),
                         [](const auto& image) {
                           return std::string(image.param).find("clean") != std::string::npos
                                      ? "Clean"
                                      : "Dirty";
                         });

}  // namespace
}  // namespace ashlar
