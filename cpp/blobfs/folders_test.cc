#include "cpp/blobfs/folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ashlar {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(AbsolutePathTest, EverySpellingHasOneForm) {
  for (const auto& [path, expected] :
       std::vector<std::pair<std::string, std::string>>{{"", "/"},
                                                        {"/", "/"},
                                                        {"///", "/"},
                                                        {"a", "/a"},
                                                        {"/a/b", "/a/b"},
                                                        {"/a//b/", "/a/b"},
                                                        {"./a/./b/.", "/a/b"},
                                                        {"/a/../b", "/b"},
                                                        {"/a/b/../..", "/"},
                                                        {"/../../a", "/a"},
                                                        {"/a/..b/...", "/a/..b/..."}}) {
    EXPECT_EQ(AbsolutePath(path), expected) << path;
    EXPECT_EQ(AbsolutePath(expected), expected);
  }
}

class FoldersTest : public testing::Test {
 protected:
  void SetUp() override {
    BlobFsDevice device;
    device.device.kind = DeviceKind::kMemory;
    device.device.size_bytes = 16u << 20;
    device.format = true;
    Result<std::unique_ptr<BlobFs>> opened = BlobFs::Open(device, BlobFsOptions());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    fs_ = std::move(opened).value();
    folders_ = std::make_unique<Folders>(*fs_);
  }

  void Touch(const std::string& name) {
    OpenOptions options;
    options.mode = OpenMode::kCreateNew;
    const Result<std::unique_ptr<File>> file = fs_->Open(name, options);
    ASSERT_TRUE(file.ok()) << file.status().ToString();
  }

  // Names of what lies in a folder, those of folders with a slash.
  std::vector<std::string> In(const std::string& folder) {
    const Result<std::vector<FolderEntry>> entries = folders_->List(folder);
    EXPECT_TRUE(entries.ok()) << entries.status().ToString();
    std::vector<std::string> names;
    if (!entries.ok()) return names;
    for (const FolderEntry& entry : entries.value()) {
      names.push_back(entry.name + (entry.is_folder ? "/" : ""));
    }
    return names;
  }

  std::unique_ptr<BlobFs> fs_;
  std::unique_ptr<Folders> folders_;
};

TEST_F(FoldersTest, FolderIsThereWhileSomethingLiesInIt) {
  EXPECT_TRUE(folders_->IsFolder("/"));
  EXPECT_FALSE(folders_->IsFolder("/a"));
  Touch("/a/b/c");
  Touch("/a/d");
  Touch("/ab");
  EXPECT_THAT(In("/"), ElementsAre("a/", "ab"));
  EXPECT_THAT(In("/a"), ElementsAre("b/", "d"));
  ASSERT_TRUE(fs_->Delete("/a/b/c").ok());
  EXPECT_THAT(In("/a"), ElementsAre("d"));
  EXPECT_EQ(folders_->List("/a/b").status().code(), StatusCode::kNotFound);
}

TEST_F(FoldersTest, MadeFolderStaysWhenItIsEmpty) {
  ASSERT_TRUE(folders_->Make("/a").ok());
  EXPECT_EQ(folders_->Make("/a").code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(In("/a"), IsEmpty());
  EXPECT_THAT(In("/"), ElementsAre("a/"));
  Touch("/a/f");
  EXPECT_EQ(folders_->Make("/a/f").code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(folders_->Remove("/a").sys_errno(), ENOTEMPTY);
  ASSERT_TRUE(fs_->Delete("/a/f").ok());
  ASSERT_TRUE(folders_->Remove("/a").ok());
  EXPECT_FALSE(folders_->IsFolder("/a"));
  EXPECT_EQ(folders_->Remove("/a").code(), StatusCode::kNotFound);
  EXPECT_EQ(folders_->Remove("/").code(), StatusCode::kInvalidArgument);
}

TEST_F(FoldersTest, FileAndFolderOfOneStemAreListedApart) {
  Touch("/a");
  Touch("/a.b");  // sorts between "/a" and "/a/..."
  Touch("/c/x");
  Touch("/c.d");
  EXPECT_THAT(In("/"), ElementsAre("a", "a.b", "c.d", "c/"));
}

TEST_F(FoldersTest, RenamedFolderTakesAllAlong) {
  ASSERT_TRUE(folders_->Make("/a").ok());
  Touch("/a/f");
  Touch("/a/b/g");
  ASSERT_TRUE(folders_->Make("/to").ok());
  ASSERT_TRUE(folders_->Rename("/a", "/to", "f").ok());
  EXPECT_FALSE(folders_->IsFolder("/a"));
  EXPECT_THAT(In("/to"), ElementsAre("b/", "f"));
  ASSERT_TRUE(fs_->Delete("/to/f").ok());
  ASSERT_TRUE(fs_->Delete("/to/b/g").ok());
  EXPECT_TRUE(folders_->IsFolder("/to")) << "the marker has moved, too";
}

TEST_F(FoldersTest, FolderDoesNotGoWhereItCannotBe) {
  Touch("/a/f");
  Touch("/b/g");
  Touch("/h");
  EXPECT_EQ(folders_->Rename("/a", "/b", "").sys_errno(), ENOTEMPTY);
  EXPECT_EQ(folders_->Rename("/a", "/h", "").sys_errno(), ENOTDIR);
  EXPECT_EQ(folders_->Rename("/h", "/b", "").sys_errno(), EISDIR);
  EXPECT_EQ(folders_->Rename("/a", "/a/c", "").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(folders_->Rename("/x", "/y", "").code(), StatusCode::kNotFound);
  EXPECT_EQ(folders_->Rename("/", "/y", "").code(), StatusCode::kNotFound);
  EXPECT_TRUE(folders_->Rename("/a", "/a", "").ok());
  EXPECT_THAT(fs_->List(""), ElementsAre("/a/f", "/b/g", "/h"));
}

}  // namespace

}  // namespace ashlar
