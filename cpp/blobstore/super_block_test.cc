#include "cpp/blobstore/super_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "cpp/base/crc32c.h"
#include "cpp/base/encoding.h"
#include "cpp/testing/random.h"

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using Page = std::array<uint8_t, kPageBytes>;

constexpr uint64_t kDeviceBytes = 64 * kMiB;

// The one in the image that SPDK v24.01 closed cleanly.
SuperBlock SpdkSuper() {
  SuperBlock super;
  super.clean = 1;
  super.cluster_bytes = 1u << 20;
  super.used_page_mask = {1, 1};
  super.used_cluster_mask = {2, 1};
  super.used_blobid_mask = {3, 1};
  super.metadata = {4, 64};
  super.type = "BLOBFS";
  super.size_bytes = kDeviceBytes;
  super.io_unit_bytes = 4096;
  return super;
}

Page Encode(const SuperBlock& super) {
  Page page;
  EncodeSuperBlock(super, page);
  return page;
}

void FixCrc(Page* page) {
  StoreLittle<uint32_t>(page->data() + format::kCrcOffset,
                        Crc32c(page->data(), format::kCrcOffset));
}

TEST(SuperBlockTest, GoldenBytes) {
  const std::vector<uint8_t> golden = {
      'S', 'P', 'D', 'K', 'B',  'L',  'O',  'B',  3,    0,    0,    0,    0,   0x10, 0,    0,  //
      1,   0,   0,   0,   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,   0,    0x10, 0,  //
      1,   0,   0,   0,   1,    0,    0,    0,    2,    0,    0,    0,    1,   0,    0,    0,  //
      4,   0,   0,   0,   64,   0,    0,    0,    'B',  'L',  'O',  'B',  'F', 'S',  0,    0,  //
      0,   0,   0,   0,   0,    0,    0,    0,    3,    0,    0,    0,    1,   0,    0,    0,  //
      0,   0,   0,   4,   0,    0,    0,    0,    0,    0x10, 0,    0,    0,   0,    0,    0};
  Page expected{};
  std::copy(golden.begin(), golden.end(), expected.begin());
  const uint8_t crc[] = {0x83, 0x29, 0x67, 0x03};  // as SPDK computed it
  std::copy(std::begin(crc), std::end(crc), expected.begin() + format::kCrcOffset);
  EXPECT_EQ(Encode(SpdkSuper()), expected);
}

TEST(SuperBlockTest, GoldenBytesOfTheExtension) {
  SuperBlock super = SpdkSuper();
  super.ashlar_magic = format::kAshlarMagic;
  super.shadow_start = 1;
  const Page page = Encode(super);
  const std::vector<uint8_t> golden = {'A', 'S', 'H', 'L', 'A', 'R', 1, 0, 1, 0, 0, 0};
  EXPECT_EQ(std::vector<uint8_t>(page.begin() + 4072, page.begin() + 4084), golden);
}

TEST(SuperBlockTest, DecodesWhatItEncodedAndKeepsReservedBytes) {
  SuperBlock super = SpdkSuper();
  super.super_blob = BlobId::FromRoot(MetadataPageIndex{7}).value;
  super.type = "sixteen bytes ok";
  super.metadata_page_bytes = 4096;
  super.reserved[0] = 1;
  super.reserved[3975] = 2;
  super.ashlar_magic = format::kAshlarMagic;
  super.shadow_start = 9;
  super.ashlar_reserved[7] = 3;
  const Page page = Encode(super);
  const Result<SuperBlock> decoded = DecodeSuperBlock(page);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(decoded.value(), super);
  EXPECT_EQ(Encode(decoded.value()), page);
}

TEST(SuperBlockTest, SaysWhatWasFoundInsteadOfABlobstore) {
  Page page{};
  EXPECT_EQ(DecodeSuperBlock(page).status().code(), StatusCode::kWrongFormat);
  EXPECT_THAT(DecodeSuperBlock(page).status().ToString(), HasSubstr("all zeros"));
  page[0] = 0xeb;
  page[1] = 0x3c;
  EXPECT_THAT(DecodeSuperBlock(page).status().ToString(), HasSubstr("begins with eb 3c 00"));
}

TEST(SuperBlockTest, RefusesOtherVersions) {
  for (const uint32_t version : {0u, 1u, 2u, 4u, UINT32_MAX}) {
    Page page = Encode(SpdkSuper());
    StoreLittle<uint32_t>(&page[8], version);
    FixCrc(&page);
    const Status status = DecodeSuperBlock(page).status();
    EXPECT_EQ(status.code(), StatusCode::kWrongFormat);
    EXPECT_THAT(status.ToString(), HasSubstr("version " + std::to_string(version)));
  }
}

TEST(SuperBlockTest, RefusesEveryFlippedBit) {
  const Page page = Encode(SpdkSuper());
  for (size_t bit = 0; bit < page.size() * 8; bit += bit < 128 * 8 ? 1 : 41) {
    Page flipped = page;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_FALSE(DecodeSuperBlock(flipped).ok()) << "bit " << bit;
  }
}

TEST(SuperBlockTest, RefusesEveryTruncationToSectors) {
  SuperBlock super = SpdkSuper();
  super.ashlar_magic = format::kAshlarMagic;
  const Page page = Encode(super);
  for (size_t length = 0; length < page.size(); length += 4) {
    Page cut = page;
    std::fill(cut.begin() + static_cast<ptrdiff_t>(length), cut.end(), 0);
    EXPECT_FALSE(DecodeSuperBlock(cut).ok()) << length;
  }
}

TEST(SuperBlockTest, AWrongLengthIsCorrupt) {
  Page page = Encode(SpdkSuper());
  StoreLittle<uint32_t>(&page[12], 512);
  FixCrc(&page);
  EXPECT_EQ(DecodeSuperBlock(page).status().code(), StatusCode::kCorrupt);
}

class GeometryTest : public ::testing::Test {
 protected:
  Status Check() const { return CheckGeometry(super_, device_bytes_); }
  SuperBlock super_ = SpdkSuper();
  uint64_t device_bytes_ = kDeviceBytes;
};

TEST_F(GeometryTest, AcceptsWhatSpdkMade) {
  const Status status = Check();
  EXPECT_TRUE(status.ok()) << status.ToString();
}

TEST_F(GeometryTest, ADeviceThatGrewIsFineOneThatShrankIsNot) {
  device_bytes_ += 4096;
  EXPECT_TRUE(Check().ok());
  device_bytes_ = kDeviceBytes - 4096;
  EXPECT_EQ(Check().code(), StatusCode::kCorrupt);
  EXPECT_THAT(Check().ToString(), HasSubstr("shrunk"));
  EXPECT_THAT(Check().ToString(), HasSubstr("67108864"));
}

TEST_F(GeometryTest, RefusesClusterSizes) {
  for (const uint32_t bytes : {0u, 1u, 2048u, 4097u, 3u << 20, UINT32_MAX, 1u << 31}) {
    super_.cluster_bytes = bytes;
    EXPECT_EQ(Check().code(), StatusCode::kCorrupt) << bytes;
  }
}

TEST_F(GeometryTest, RefusesOtherMetadataPageSizes) {
  super_.metadata_page_bytes = 8192;
  EXPECT_EQ(Check().code(), StatusCode::kNotSupported);
  super_.metadata_page_bytes = 4096;
  EXPECT_TRUE(Check().ok());
}

TEST_F(GeometryTest, RefusesOverlappingRegions) {
  PageRange* const ranges[] = {&super_.used_page_mask, &super_.used_cluster_mask,
                               &super_.used_blobid_mask};
  for (PageRange* range : ranges) {
    const SuperBlock good = super_;
    for (const uint32_t start : {0u, 4u}) {
      range->start = start;
      EXPECT_EQ(Check().code(), StatusCode::kCorrupt);
      super_ = good;
    }
  }
  super_.used_page_mask.start = super_.used_cluster_mask.start;
  EXPECT_THAT(Check().ToString(), HasSubstr("overlaps"));
}

TEST_F(GeometryTest, RefusesRegionsThatAreTooSmallOrOutside) {
  const SuperBlock good = super_;
  super_.used_blobid_mask.pages = 0;
  EXPECT_THAT(Check().ToString(), HasSubstr("has 0 pages but needs 1"));
  super_ = good;
  super_.metadata.pages = 0;
  EXPECT_FALSE(Check().ok());
  super_.metadata.pages = UINT32_MAX;
  EXPECT_FALSE(Check().ok());
  super_.metadata = {UINT32_MAX, UINT32_MAX - 1};
  EXPECT_FALSE(Check().ok());
  super_ = good;
  super_.metadata.pages = 64 * 256;  // all of the device and four pages more
  EXPECT_THAT(Check().ToString(), HasSubstr("larger than the blobstore"));
  super_ = good;
  super_.used_page_mask.start = 300;  // in a cluster that blobs could be given
  EXPECT_THAT(Check().ToString(), HasSubstr("behind the metadata"));
}

TEST_F(GeometryTest, ChecksTheShadowAreaWhenThereIsOne) {
  super_.shadow_start = 2;
  EXPECT_TRUE(Check().ok());
  super_.ashlar_magic = format::kAshlarMagic;
  EXPECT_THAT(Check().ToString(), HasSubstr("shadow area"));
}

TEST_F(GeometryTest, RandomValuesNeverPassWithRegionsOutsideTheDevice) {
  Random random(TestSeed(3));
  for (int i = 0; i < 200000; ++i) {
    super_ = SpdkSuper();
    uint32_t* const fields[] = {&super_.used_page_mask.start,    &super_.used_page_mask.pages,
                                &super_.used_cluster_mask.start, &super_.used_cluster_mask.pages,
                                &super_.used_blobid_mask.start,  &super_.used_blobid_mask.pages,
                                &super_.metadata.start,          &super_.metadata.pages,
                                &super_.cluster_bytes,           &super_.shadow_start};
    for (int change = 0; change < 3; ++change) {
      uint32_t& field = *fields[random.Below(std::size(fields))];
      field = static_cast<uint32_t>(random.Next() >> random.Below(64));
    }
    if (random.OneIn(2)) super_.ashlar_magic = format::kAshlarMagic;
    if (!Check().ok()) continue;
    for (const PageRange& range : {super_.used_page_mask, super_.used_cluster_mask,
                                   super_.used_blobid_mask, super_.metadata}) {
      ASSERT_GT(range.start, 0u);
      ASSERT_LE(range.end() * kPageBytes, kDeviceBytes);
      ASSERT_LE(range.end() * kPageBytes, super_.metadata_clusters() * super_.cluster_bytes);
    }
  }
}

}  // namespace
}  // namespace ashlar
