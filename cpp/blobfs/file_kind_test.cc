#include "cpp/blobfs/file_kind.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

TEST(FileKindTest, LogsAreToldByTheirNames) {
  for (const char* name : {"/db/000123.log", "1.log", "/MANIFEST-000005", "/db/MANIFEST-1"}) {
    EXPECT_EQ(KindOf(name), FileKind::kLog) << name;
  }
  for (const char* name : {"/db/LOG", "/000007.sst", "/db.log", "/.log", "/a1.log", "/MANIFEST-",
                           "/MANIFEST-1a", "/MANIFEST-1/CURRENT", "/000001.log/x", ""}) {
    EXPECT_EQ(KindOf(name), FileKind::kData) << name;
  }
}

}  // namespace
}  // namespace ashlar
