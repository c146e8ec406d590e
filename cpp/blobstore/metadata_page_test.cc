#include "cpp/blobstore/metadata_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "cpp/base/crc32c.h"
#include "cpp/base/encoding.h"
#include "cpp/testing/random.h"

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using Page = std::array<uint8_t, kPageBytes>;

// The root page of /hello.txt as SPDK v24.01 wrote it.
MetadataPage HelloRoot() {
  MetadataPage page;
  page.blob = BlobId::FromRoot(MetadataPageIndex{0});
  page.descriptors = {
      FlagsDescriptor{4, 0, 0},
      XattrDescriptor{false, "name", std::string("/hello.txt\0", 11)},
      XattrDescriptor{false, "length", std::string("\x0d\0\0\0\0\0\0\0", 8)},
      ExtentTableDescriptor{1, {{1, 1}}},
  };
  return page;
}

// With every kind of descriptor, full to the last byte.
MetadataPage FullPage() {
  MetadataPage page;
  page.blob = BlobId::FromRoot(MetadataPageIndex{0xabcdef});
  page.sequence = 3;
  page.reserved = 0x11223344;
  page.next = 17;
  page.descriptors = {
      FlagsDescriptor{1, 2, 3},
      XattrDescriptor{false, "a", ""},
      XattrDescriptor{true, "SNAP", "value"},
      ExtentRleDescriptor{{{5, 2}, {0, 9}}},
      ExtentTableDescriptor{77, {}},
      ExtentPageDescriptor{512, {9, 8, 7}},
      UnknownDescriptor{200, "something new"},
  };
  const size_t left = format::kDescriptorAreaBytes - EncodedBytes(page);
  page.descriptors.emplace_back(UnknownDescriptor{7, std::string(left - 5, 'x')});
  return page;
}

Page Encode(const MetadataPage& page) {
  Page bytes;
  EncodeMetadataPage(page, bytes);
  return bytes;
}

void FixCrc(Page* page) {
  StoreLittle<uint32_t>(page->data() + format::kCrcOffset,
                        Crc32c(page->data(), format::kCrcOffset));
}

// A page whose descriptor area begins with `bytes`, with a good checksum.
Page WithDescriptors(const std::vector<uint8_t>& bytes) {
  Page page = Encode(MetadataPage());
  std::copy(bytes.begin(), bytes.end(), page.begin() + 16);
  FixCrc(&page);
  return page;
}

TEST(MetadataPageTest, GoldenBytes) {
  const std::vector<uint8_t> golden = {
      0,   0,   0,   0,   1,   0,   0, 0, 0,  0, 0,  0,  0,   0,   0,   0,  //
      3,   24,  0,   0,   0,   4,   0, 0, 0,  0, 0,  0,  0,   0,   0,   0,   0,   0,   0,   0,
      0,   0,   0,   0,   0,   0,                                                                 //
      0,   0,   0,   2,   19,  0,   0, 0, 4,  0, 11, 0,  'n', 'a', 'm', 'e', '/', 'h', 'e', 'l',  //
      'l', 'o', '.', 't', 'x', 't', 0, 2, 18, 0, 0,  0,  6,   0,   8,   0,   'l', 'e', 'n', 'g',  //
      't', 'h', 13,  0,   0,   0,   0, 0, 0,  0, 5,  16, 0,   0,   0,   1,   0,   0,   0,   0,
      0,   0,   0,  //
      1,   0,   0,   0,   1,   0,   0, 0};
  Page expected{};
  std::copy(golden.begin(), golden.end(), expected.begin());
  StoreLittle<uint32_t>(&expected[4088], 0xffffffff);
  StoreLittle<uint32_t>(&expected[4092], Crc32c(expected.data(), 4092));
  EXPECT_EQ(Encode(HelloRoot()), expected);
  EXPECT_EQ(DecodeMetadataPage(expected).value(), HelloRoot());
}

TEST(MetadataPageTest, GoldenBytesOfEveryDescriptor) {
  MetadataPage page;
  page.descriptors = {
      ExtentRleDescriptor{{{0x01020304, 5}}},
      XattrDescriptor{true, "k", "vw"},
      ExtentTableDescriptor{6, {}},
      ExtentPageDescriptor{0x0a0b0c0d, {0x10}},
      UnknownDescriptor{99, "z"},
  };
  const std::vector<uint8_t> golden = {
      1,  8, 0, 0, 0, 4,    3,    2,    1,    5,    0,   0,   0,  //
      4,  7, 0, 0, 0, 1,    0,    2,    0,    'k',  'v', 'w',     //
      5,  8, 0, 0, 0, 6,    0,    0,    0,    0,    0,   0,   0,  //
      6,  8, 0, 0, 0, 0x0d, 0x0c, 0x0b, 0x0a, 0x10, 0,   0,   0,  //
      99, 1, 0, 0, 0, 'z',  0};
  const Page bytes = Encode(page);
  EXPECT_EQ(std::vector<uint8_t>(bytes.begin() + 16,
                                 bytes.begin() + 16 + static_cast<ptrdiff_t>(golden.size())),
            golden);
}

TEST(MetadataPageTest, DecodesWhatItEncoded) {
  const Page bytes = Encode(FullPage());
  const Result<MetadataPage> decoded = DecodeMetadataPage(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(decoded.value(), FullPage());
  EXPECT_EQ(Encode(decoded.value()), bytes);
}

TEST(MetadataPageTest, RefusesEveryFlippedBit) {
  const Page page = Encode(FullPage());
  for (size_t bit = 0; bit < page.size() * 8; bit += 7) {
    Page flipped = page;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << (bit % 8)));
    ASSERT_EQ(DecodeMetadataPage(flipped).status().code(), StatusCode::kChecksumMismatch) << bit;
  }
}

TEST(MetadataPageTest, RefusesEveryTruncation) {
  const Page page = Encode(FullPage());
  for (size_t length = 0; length < page.size(); length += 8) {
    Page cut = page;
    std::fill(cut.begin() + static_cast<ptrdiff_t>(length), cut.end(), 0);
    ASSERT_FALSE(DecodeMetadataPage(cut).ok()) << length;
  }
}

TEST(MetadataPageTest, FlippedBitsWithAGoodChecksumNeverCrashAndStayDecodable) {
  const Page page = Encode(FullPage());
  for (size_t bit = 0; bit < page.size() * 8; bit += 3) {
    Page flipped = page;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << (bit % 8)));
    FixCrc(&flipped);
    const Result<MetadataPage> decoded = DecodeMetadataPage(flipped);
    if (!decoded.ok()) continue;
    ASSERT_EQ(DecodeMetadataPage(Encode(decoded.value())).value(), decoded.value()) << bit;
  }
}

TEST(MetadataPageTest, RandomDescriptorsNeverCrash) {
  Random random(TestSeed(4));
  for (int i = 0; i < 20000; ++i) {
    Page page = Encode(HelloRoot());
    const size_t count = 1 + random.Below(200);
    random.Fill(std::span(page).subspan(16, count));
    if (random.OneIn(2)) page[17 + random.Below(8)] = 0;
    FixCrc(&page);
    const Result<MetadataPage> decoded = DecodeMetadataPage(page);
    if (!decoded.ok()) continue;
    ASSERT_EQ(DecodeMetadataPage(Encode(decoded.value())).value(), decoded.value());
  }
}

TEST(MetadataPageTest, RefusesLengthsThatDoNotFit) {
  const std::vector<std::vector<uint8_t>> bad = {
      {3, 23, 0, 0, 0},                         // flags too short
      {3, 25, 0, 0, 0},                         // flags too long
      {1, 0, 0, 0, 0},                          // RLE without a run
      {1, 7, 0, 0, 0},                          // half a run
      {2, 3, 0, 0, 0},                          // xattr without its lengths
      {2, 5, 0, 0, 0, 1, 0, 1, 0, 'a'},         // value missing
      {2, 4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},  // lengths that overflow 16 bits together
      {5, 0, 0, 0, 0},                          // table without its size
      {5, 12, 0, 0, 0},                         // half an entry
      {6, 4, 0, 0, 0},                          // extent page without clusters
      {6, 9, 0, 0, 0},                          // a quarter of a cluster
      {9, 0xe4, 0x0f, 0, 0},                    // one byte past the end of the page
      {2, 0xff, 0xff, 0xff, 0xff},              // far past it
      {0, 0xff, 0xff, 0xff, 0x7f},              // padding past it
  };
  for (const auto& bytes : bad) {
    const Status status = DecodeMetadataPage(WithDescriptors(bytes)).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << static_cast<int>(bytes[0]);
    EXPECT_THAT(status.ToString(), HasSubstr("descriptor"));
  }
}

TEST(MetadataPageTest, SkipsPaddingAndStopsAtItsEnd) {
  const Page page = WithDescriptors({0, 2, 0,   0,   0, 0xaa, 0xbb, 2, 6, 0,  0,  0,  1,  0,
                                     1, 0, 'k', 'v', 0, 0,    0,    0, 0, 99, 99, 99, 99, 99});
  const Result<MetadataPage> decoded = DecodeMetadataPage(page);
  ASSERT_TRUE(decoded.ok());
  ASSERT_EQ(decoded.value().descriptors.size(), 1u);
  EXPECT_EQ(std::get<XattrDescriptor>(decoded.value().descriptors[0]).value, "v");
}

TEST(MetadataPageTest, GuessesWhatComesBeforeTheFirstError) {
  Page page = Encode(HelloRoot());
  page[16 + 29 + 24 + 1] = 0xff;  // the length of the second xattr
  const MetadataPage guess = GuessMetadataPage(page);
  EXPECT_EQ(guess.blob, HelloRoot().blob);
  ASSERT_EQ(guess.descriptors.size(), 2u);
  EXPECT_EQ(guess.descriptors[1], HelloRoot().descriptors[1]);
}

}  // namespace
}  // namespace ashlar
