#include "cpp/device/huge_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "cpp/base/units.h"
#include "cpp/testing/temp_dir.h"

namespace ashlar {
namespace {

using ::testing::HasSubstr;

class HugePagesTest : public ::testing::Test {
 protected:
  void Add(const std::string& size, int free_pages) {
    const std::string folder = folder_.Join("hugepages-" + size);
    ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
    std::ofstream(folder + "/free_hugepages") << free_pages << "\n";
  }

  TempDir folder_;
};

TEST_F(HugePagesTest, PagesOfAllSizesCount) {
  Add("2048kB", 3);
  Add("1048576kB", 1);
  EXPECT_EQ(FreeHugePageBytes(folder_.path()), 6 * kMiB + kGiB);
  EXPECT_TRUE(CheckHugePages(6 * kMiB + kGiB, "SPDK", folder_.path()).ok());
}

TEST_F(HugePagesTest, TooFewAreRefusedWithTheRemedy) {
  Add("2048kB", 3);
  const Status status = CheckHugePages(7 * kMiB, "SPDK", folder_.path());
  EXPECT_EQ(status.code(), StatusCode::kOutOfMemory);
  EXPECT_THAT(status.context(), HasSubstr("7 MiB of free huge pages, but 6 MiB"));
  EXPECT_THAT(status.context(), HasSubstr("vm.nr_hugepages=4"));
}

TEST_F(HugePagesTest, AKernelWithoutThemHasNone) {
  EXPECT_EQ(FreeHugePageBytes(folder_.Join("missing")), 0u);
  EXPECT_EQ(CheckHugePages(1, "SPDK", folder_.Join("missing")).code(), StatusCode::kOutOfMemory);
}

}  // namespace
}  // namespace ashlar
