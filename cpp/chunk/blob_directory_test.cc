#include "cpp/chunk/blob_directory.h"

#include <gtest/gtest.h>

#include <vector>

namespace ashlar {
namespace {

// Two clusters of 16 pages, not in order, the second used in part.
PrivateBlob MakeBlob(uint32_t root) {
  return PrivateBlob(MetadataPageIndex{root}, 20, 4, {0x80000, 0x10000});
}

TEST(BlobDirectoryTest, FindsThePlaceOfEveryPage) {
  BlobDirectory directory;
  PrivateBlob blob = MakeBlob(5);
  ASSERT_TRUE(directory.Add(&blob).ok());
  EXPECT_EQ(directory.DeviceOffset(PageAddress::Of({5}, 0)), 0x80000u);
  EXPECT_EQ(directory.DeviceOffset(PageAddress::Of({5}, 15)), 0x80000u + 15 * 4096);
  EXPECT_EQ(directory.DeviceOffset(PageAddress::Of({5}, 16)), 0x10000u);
  EXPECT_EQ(directory.DeviceOffset(PageAddress::Of({5}, 19)), 0x10000u + 3 * 4096);
}

TEST(BlobDirectoryTest, WhatIsInNoBlobIsNowhere) {
  BlobDirectory directory;
  PrivateBlob blob = MakeBlob(1023);
  ASSERT_TRUE(directory.Add(&blob).ok());
  for (const PageAddress address :
       {PageAddress::Of({1023}, 20), PageAddress::Of({1023}, ~0u), PageAddress::Of({1022}, 0),
        PageAddress::Of({1024}, 0), PageAddress::Of({~0u}, 0), PageAddress::Hole()}) {
    EXPECT_EQ(directory.DeviceOffset(address), BlobDirectory::kNowhere) << address.value;
  }
  directory.Remove({1023});
  EXPECT_EQ(directory.DeviceOffset(PageAddress::Of({1023}, 0)), BlobDirectory::kNowhere);
}

TEST(BlobDirectoryTest, RefusesARootBeyondItsTable) {
  BlobDirectory directory;
  PrivateBlob blob = MakeBlob(8 << 20);
  EXPECT_EQ(directory.Add(&blob).code(), StatusCode::kNotSupported);
}

}  // namespace
}  // namespace ashlar
