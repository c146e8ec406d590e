#include "cpp/fuse/mount_point.h"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "cpp/testing/temp_dir.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(MountPointTest, LinesOfTheKernelAreRead) {
  const auto entry = ParseMountInfo(
      "36 35 98:0 /mnt1 /a\\040b/c rw,noatime master:1 shared:2 - fuse.ashlar /dev/sd\\134a rw");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->folder, "/a b/c");
  EXPECT_EQ(entry->type, "fuse.ashlar");
  EXPECT_EQ(entry->source, "/dev/sd\\a");
  EXPECT_TRUE(ParseMountInfo("36 35 98:0 / /x rw - ext4 /dev/sda rw"));
}

TEST(MountPointTest, OtherLinesAreNone) {
  for (const char* line : {"", " ", "-", "36 35 98:0 / /x rw", "36 35 98:0 / /x rw -",
                           "36 35 98:0 / /x rw - ext4", "a - b c d e f"}) {
    EXPECT_FALSE(ParseMountInfo(line)) << line;
  }
}

TEST(MountPointTest, OnlyEmptyFoldersAreMountedOn) {
  const TempDir dir;
  const std::string folder = dir.Join("a folder");
  EXPECT_EQ(PrepareMountPoint(folder).status().code(), StatusCode::kNotFound);
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  const Result<std::string> prepared = PrepareMountPoint(folder + "/../a folder//");
  ASSERT_TRUE(prepared.ok()) << prepared.status().ToString();
  EXPECT_TRUE(prepared.value().ends_with("/a folder"));
  EXPECT_EQ(prepared.value().front(), '/');

  std::ofstream(folder + "/file") << "x";
  EXPECT_EQ(PrepareMountPoint(folder).status().sys_errno(), ENOTEMPTY);
  EXPECT_EQ(PrepareMountPoint(folder + "/file").status().sys_errno(), ENOTDIR);
  EXPECT_EQ(PrepareMountPoint("/proc").status().code(), StatusCode::kBusy);
}

}  // namespace
}  // namespace ashlar
