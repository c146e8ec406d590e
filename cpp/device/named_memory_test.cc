// Memory with a name: it outlives the devices opened on it, one at a time.
#include "cpp/device/named_memory.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "cpp/base/units.h"

namespace ashlar {
namespace {

DeviceSpec Spec(const std::string& name) {
  DeviceSpec spec;
  spec.kind = DeviceKind::kNamedMemory;
  spec.path = name;
  return spec;
}

class NamedMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(CreateNamedMemory("Malloc0", kMiB, 512).ok()); }
  void TearDown() override { [[maybe_unused]] const Status gone = DropNamedMemory("Malloc0"); }

  std::unique_ptr<Device> Open() {
    Result<std::unique_ptr<Device>> device = OpenDevice(Spec("Malloc0"));
    EXPECT_TRUE(device.ok()) << device.status().ToString();
    return std::move(device).value();
  }
};

TEST_F(NamedMemoryTest, HasTheGeometryItWasMadeWith) {
  const std::unique_ptr<Device> device = Open();
  EXPECT_EQ(device->info().name, "Malloc0");
  EXPECT_EQ(device->info().size_bytes, kMiB);
  EXPECT_EQ(device->info().sector_bytes, 512u);
}

TEST_F(NamedMemoryTest, KeepsItsContentWhileNothingIsOpenOnIt) {
  std::array<uint8_t, 512> written;
  written.fill(0x5a);
  ASSERT_EQ(Open()->WriteInline(4096, written.data(), 512), 0);
  std::array<uint8_t, 512> read{};
  ASSERT_EQ(Open()->ReadInline(4096, read.data(), 512), 0);
  EXPECT_EQ(read, written);
}

TEST_F(NamedMemoryTest, IsOpenOnceAndNotDroppedMeanwhile) {
  std::unique_ptr<Device> device = Open();
  EXPECT_EQ(OpenDevice(Spec("Malloc0")).status().code(), StatusCode::kBusy);
  EXPECT_EQ(DropNamedMemory("Malloc0").code(), StatusCode::kBusy);
  device.reset();
  EXPECT_TRUE(DropNamedMemory("Malloc0").ok());
  EXPECT_EQ(OpenDevice(Spec("Malloc0")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(DropNamedMemory("Malloc0").code(), StatusCode::kNotFound);
}

TEST_F(NamedMemoryTest, ANameIsTakenOnce) {
  EXPECT_EQ(CreateNamedMemory("Malloc0", kMiB, 512).code(), StatusCode::kAlreadyExists);
}

TEST_F(NamedMemoryTest, ImpossibleSizesAreRefused) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{4097}, uint64_t{1} << 63}) {
    EXPECT_EQ(CreateNamedMemory("Malloc1", size, 512).code(), StatusCode::kInvalidArgument) << size;
  }
  EXPECT_EQ(CreateNamedMemory("Malloc1", kMiB, 520).code(), StatusCode::kInvalidArgument);
}

TEST_F(NamedMemoryTest, ADeviceOpenedReadOnlyRefusesWrites) {
  DeviceSpec spec = Spec("Malloc0");
  spec.read_only = true;
  const Result<std::unique_ptr<Device>> device = OpenDevice(spec);
  std::array<uint8_t, 512> page{};
  EXPECT_NE(device.value()->WriteInline(0, page.data(), 512), 0);
}

}  // namespace
}  // namespace ashlar
