#include "cpp/device/core_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CoreListTest, MasksAndListsNameCores) {
  EXPECT_THAT(ParseCores("0x5").value(), ElementsAre(0, 2));
  EXPECT_THAT(ParseCores("3").value(), ElementsAre(0, 1));
  EXPECT_THAT(ParseCores("0X80000000000000000").value(), ElementsAre(67));
  EXPECT_THAT(ParseCores("[0]").value(), ElementsAre(0));
  EXPECT_THAT(ParseCores("[4,0-2,1]").value(), ElementsAre(0, 1, 2, 4));
  EXPECT_EQ(CoresText(ParseCores("[4,0-2,1]").value()), "0,1,2,4");
}

TEST(CoreListTest, WhatIsNeitherIsRefusedWithItsText) {
  for (const char* text : {"", "0x", "0", "0x0", "[]", "[", "[1", "[1,]", "[,1]", "[2-1]", "[-1]",
                           "[1-]", "[1024]", "0x1g", "abcx", "[0x1]", "-c 1"}) {
    const Result<std::vector<int>> cores = ParseCores(text);
    ASSERT_FALSE(cores.ok()) << text;
    EXPECT_EQ(cores.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(cores.status().context(), HasSubstr("\"" + std::string(text) + "\""));
  }
}

TEST(CoreListTest, AProcessMayRunSomewhere) { EXPECT_FALSE(AllowedCores().empty()); }

}  // namespace
}  // namespace ashlar
