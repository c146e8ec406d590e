#include "cpp/blobfs/file_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cpp/testing/random.h"

namespace ashlar {
namespace {

using ::testing::ElementsAre;

FileMetadata Sample() {
  FileMetadata file;
  file.name = "/db/000007.log";
  file.length_bytes = 0x0102030405;
  file.id = FileId{0x1111111122222222};
  file.generation = 3;
  file.mtime_us = 0x77;
  file.log = LogMetadata{512, 0xaabbccdd, 5, 0x99, true};
  return file;
}

TEST(FileFormatTest, GoldenBytes) {
  using namespace std::string_literals;
  EXPECT_THAT(EncodeFileMetadata(Sample()),
              ElementsAre(Xattr{"name", "/db/000007.log\0"s},
                          Xattr{"length", "\x05\x04\x03\x02\x01\0\0\0"s},
                          Xattr{"ashlar.id", "\x22\x22\x22\x22\x11\x11\x11\x11"s},
                          Xattr{"ashlar.generation", "\x03\0\0\0\0\0\0\0"s},
                          Xattr{"ashlar.mtime", "\x77\0\0\0\0\0\0\0"s},
                          Xattr{"ashlar.log",
                                "\x01\0\0\0\0\x02\0\0\xdd\xcc\xbb\xaa\0\0\0\0"
                                "\x99\0\0\0\0\0\0\0\x05\0\0\0\x01\0\0\0"s}));
  EXPECT_EQ(DeletedXattr(), (Xattr{"is_deleted", "\x01"}));
}

TEST(FileFormatTest, DecodesWhatItEncoded) {
  EXPECT_EQ(DecodeFileMetadata(EncodeFileMetadata(Sample())).value(), Sample());
  FileMetadata plain;
  plain.name = "/f";
  EXPECT_EQ(EncodeFileMetadata(plain).size(), 2u);
  EXPECT_EQ(DecodeFileMetadata(EncodeFileMetadata(plain)).value(), plain);
  plain.deleted = true;
  EXPECT_EQ(DecodeFileMetadata(EncodeFileMetadata(plain)).value(), plain);
}

TEST(FileFormatTest, MissingCutAndWrongXattrsAreCorrupt) {
  const std::vector<Xattr> good = EncodeFileMetadata(Sample());
  for (size_t i = 0; i < good.size(); ++i) {
    std::vector<Xattr> bad = good;
    bad[i].value.pop_back();
    EXPECT_EQ(DecodeFileMetadata(bad).status().code(), StatusCode::kCorrupt) << bad[i].name;
    bad[i].value.clear();
    EXPECT_EQ(DecodeFileMetadata(bad).status().code(), StatusCode::kCorrupt) << bad[i].name;
  }
  for (const size_t i : {0, 1}) {
    std::vector<Xattr> bad = good;
    bad.erase(bad.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_EQ(DecodeFileMetadata(bad).status().code(), StatusCode::kCorrupt);
  }
  std::vector<Xattr> bad = good;
  bad[0].value = std::string("/a\0b\0", 5);
  EXPECT_EQ(DecodeFileMetadata(bad).status().code(), StatusCode::kCorrupt);
  for (const size_t at : {0u, 4u, 5u, 6u}) {  // version, unit bytes
    bad = good;
    bad.back().value[at] = 77;
    EXPECT_EQ(DecodeFileMetadata(bad).status().code(), StatusCode::kCorrupt) << at;
  }
}

TEST(FileFormatTest, FlippedBitsNeverMakeAnImpossibleFile) {
  Random random(TestSeed(2));
  for (int round = 0; round < 5000; ++round) {
    std::vector<Xattr> xattrs = EncodeFileMetadata(Sample());
    std::string& value = xattrs[random.Below(xattrs.size())].value;
    value[random.Below(value.size())] ^= static_cast<char>(1u << random.Below(8));
    const auto file = DecodeFileMetadata(xattrs);
    if (!file.ok()) continue;
    ASSERT_FALSE(file.value().name.empty());
    ASSERT_GE(file.value().framing().unit_bytes, kPageBytes / 8);
    ASSERT_LE(file.value().framing().unit_bytes, kPageBytes);
  }
}

}  // namespace
}  // namespace ashlar
