#include "cpp/rocksdb/preload/device_uri.h"

#include <gtest/gtest.h>

namespace ashlar::rocks {

namespace {

TEST(DeviceUriTest, PathNamesAFileThatHoldsFiles) {
  const Result<DeviceUri> uri = ParseDeviceUri("ashlar:///dev/nvme0n1");
  ASSERT_TRUE(uri.ok()) << uri.status().ToString();
  EXPECT_EQ(uri.value().device.device.kind, DeviceKind::kFile);
  EXPECT_EQ(uri.value().device.device.path, "/dev/nvme0n1");
  EXPECT_FALSE(uri.value().device.format);
  EXPECT_FALSE(uri.value().options.read_only);
}

TEST(DeviceUriTest, CreateMakesAFileAndFormatsIt) {
  const Result<DeviceUri> uri = ParseDeviceUri("ashlar://disk.img?create=4G");
  ASSERT_TRUE(uri.ok()) << uri.status().ToString();
  EXPECT_EQ(uri.value().device.device.path, "disk.img");
  EXPECT_EQ(uri.value().device.device.size_bytes, uint64_t{4} << 30);
  EXPECT_TRUE(uri.value().device.device.create);
  EXPECT_TRUE(uri.value().device.format);
}

TEST(DeviceUriTest, MemoryIsFormattedAndHasASize) {
  const Result<DeviceUri> uri = ParseDeviceUri("ashlar://memory?size=512M");
  ASSERT_TRUE(uri.ok()) << uri.status().ToString();
  EXPECT_EQ(uri.value().device.device.kind, DeviceKind::kMemory);
  EXPECT_EQ(uri.value().device.device.size_bytes, uint64_t{512} << 20);
  EXPECT_FALSE(uri.value().device.device.create);
  EXPECT_TRUE(uri.value().device.format);
}

TEST(DeviceUriTest, ReadonlyReachesDeviceAndFiles) {
  const Result<DeviceUri> uri = ParseDeviceUri("ashlar:///x?readonly");
  ASSERT_TRUE(uri.ok()) << uri.status().ToString();
  EXPECT_TRUE(uri.value().device.device.read_only);
  EXPECT_TRUE(uri.value().options.read_only);
}

TEST(DeviceUriTest, WhatIsWrongIsNamed) {
  for (const char* bad :
       {"", "/x", "ashlar:/x", "ashlar://", "ashlar://?create=1G", "ashlar://memory",
        "ashlar://memory?size=", "ashlar://memory?size=0", "ashlar://memory?size=1X",
        "ashlar://memory?size=1GG", "ashlar://memory?size=-1", "ashlar://memory?size=999999999T",
        "ashlar://memory?create=1G", "ashlar:///x?size=1G", "ashlar:///x?speed=high",
        "ashlar:///x?readonly=no", "ashlar://memory?size=1G&readonly"}) {
    const Result<DeviceUri> uri = ParseDeviceUri(bad);
    ASSERT_FALSE(uri.ok()) << bad;
    EXPECT_EQ(uri.status().code(), StatusCode::kInvalidArgument) << bad;
    EXPECT_NE(uri.status().context().find(bad), std::string::npos) << uri.status().context();
  }
}

}  // namespace

}  // namespace ashlar::rocks
