// Constants and layouts of SPDK Blobstore's on-disk format, version 3, and of our extension to it
// (the shadow area). docs/format.md tells the story; the numbers stand only here. Little endian,
// packed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpp/base/units.h"

namespace ashlar::format {

inline constexpr uint8_t kSuperSignature[8] = {'S', 'P', 'D', 'K', 'B', 'L', 'O', 'B'};
inline constexpr uint32_t kVersion = 3;
inline constexpr uint32_t kTypeBytes = 16;
inline constexpr uint64_t kNoBlob = ~uint64_t{0};
inline constexpr uint32_t kNoPage = ~uint32_t{0};
inline constexpr uint32_t kCleanlyClosed = 1;

inline constexpr uint32_t kMinClusterBytes = 64u << 10;
inline constexpr uint32_t kMaxClusterBytes = 1u << 30;

#pragma pack(push, 1)

// Page 0 of the device. Starts and lengths are in pages from the start of the device.
//
//    0            8         12        16       20           28              32
//   | signature  | version | length  | clean  | super blob | cluster bytes |
//   32            40               48               56                72
//   | used pages | used clusters  | metadata       | type            |
//   72            80           88              92                   96
//   | used blobs | size bytes | io unit bytes | metadata page bytes | reserved ...
//   4072           4080           4084              4092  4096
//   | ashlar magic | shadow start | ashlar reserved | crc |
struct SuperBlockLayout {
  uint8_t signature[8];              // another program's device is not taken for ours
  uint32_t version;                  // versions 1 and 2 have no used-blobid mask
  uint32_t length;                   // 4096
  uint32_t clean;                    // 1: the masks are current; else replay the metadata
  uint64_t super_blob;               // a blob of the application's choice, or kNoBlob
  uint32_t cluster_bytes;            //
  uint32_t used_page_mask_start;     //
  uint32_t used_page_mask_pages;     //
  uint32_t used_cluster_mask_start;  //
  uint32_t used_cluster_mask_pages;  //
  uint32_t metadata_start;           //
  uint32_t metadata_pages;           //
  uint8_t type[kTypeBytes];          // padded with zeros
  uint32_t used_blobid_mask_start;   //
  uint32_t used_blobid_mask_pages;   //
  uint64_t size_bytes;               // a device that shrank below this is refused; 0: the device's
  uint32_t io_unit_bytes;            // sector size of the device when it was formatted
  uint32_t metadata_page_bytes;      // 4096; 0 (before SPDK v24.09) means 4096
  uint8_t reserved[3976];            // kept as found
  uint64_t ashlar_magic;             // kAshlarMagic: the next field is ours
  uint32_t shadow_start;             // first page of the shadow area
  uint8_t ashlar_reserved[8];        // kept as found
  uint32_t crc;                      // of the 4092 bytes before: rot and torn writes
};

// A page of the metadata region.
//
//   0        8          12         16                       4088   4092  4096
//   | blob id | sequence | reserved | descriptors (4072)     | next | crc |
struct MetadataPageLayout {
  uint64_t blob_id;   // 1<<32 | index of the root page: a page of another blob is not followed
  uint32_t sequence;  // place in the chain, 0 in the root and in extent pages: stale pages
  uint32_t reserved;  // kept as found
  uint8_t descriptors[4072];
  uint32_t next;  // index in the metadata region, or kNoPage
  uint32_t crc;   // of the 4092 bytes before
};

// Starts every descriptor; `length` counts the bytes after it. Type 0 with length 0 ends the page.
//
//   0      1        5
//   | type | length | body ...
struct DescriptorHeaderLayout {
  uint8_t type;
  uint32_t length;
};

// Starts a mask; bit i of byte i/8 stands for item i.
//
//   0      1             5
//   | type | length bits | bits ...
struct MaskHeaderLayout {
  uint8_t type;
  uint32_t length_bits;
};

// The first page of the shadow area; the second holds the new image. A page that fails its CRC is
// restored from that image only if each of its 512-byte sectors is the old or the new one: then a
// torn write, and nothing else, made it fail.
//
//   0       8             16          20                52                84         4092  4096
//   | magic | target page | image crc | old sector crcs | new sector crcs | zeros ... | crc |
struct ShadowLayout {
  uint64_t magic;        // kShadowMagic
  uint64_t target_page;  // from the start of the device
  uint32_t image_crc;    // of the 4096 bytes of the new image
  uint32_t old_sector_crcs[8];
  uint32_t new_sector_crcs[8];
  uint8_t zeros[4008];
  uint32_t crc;  // of the 4092 bytes before
};

#pragma pack(pop)

static_assert(sizeof(SuperBlockLayout) == kPageBytes);
static_assert(offsetof(SuperBlockLayout, super_blob) == 20);
static_assert(offsetof(SuperBlockLayout, used_page_mask_start) == 32);
static_assert(offsetof(SuperBlockLayout, metadata_start) == 48);
static_assert(offsetof(SuperBlockLayout, type) == 56);
static_assert(offsetof(SuperBlockLayout, used_blobid_mask_start) == 72);
static_assert(offsetof(SuperBlockLayout, size_bytes) == 80);
static_assert(offsetof(SuperBlockLayout, metadata_page_bytes) == 92);
static_assert(offsetof(SuperBlockLayout, ashlar_magic) == 4072);
static_assert(offsetof(SuperBlockLayout, crc) == 4092);
static_assert(sizeof(MetadataPageLayout) == kPageBytes);
static_assert(offsetof(MetadataPageLayout, descriptors) == 16);
static_assert(offsetof(MetadataPageLayout, next) == 4088);
static_assert(sizeof(DescriptorHeaderLayout) == 5);
static_assert(sizeof(MaskHeaderLayout) == 5);
static_assert(sizeof(ShadowLayout) == kPageBytes);

inline constexpr uint32_t kCrcOffset = kPageBytes - 4;  // in super block, metadata and shadow pages

enum class MaskType : uint8_t { kUsedPages = 0, kUsedClusters = 1, kUsedBlobIds = 2 };

//   padding            anything of `length` bytes
//   extent RLE         {cluster u32, length u32}...      cluster 0: not allocated
//   xattr              name length u16, value length u16, name, value
//   flags              invalid u64, data read-only u64, metadata read-only u64
//   internal xattr     as xattr
//   extent table       clusters of the blob u64, {page u32, count u32}...   page 0: not allocated
//   extent page        index in the blob of the first cluster u32, cluster u32...
enum class DescriptorType : uint8_t {
  kPadding = 0,
  kExtentRle = 1,
  kXattr = 2,
  kFlags = 3,
  kInternalXattr = 4,
  kExtentTable = 5,
  kExtentPage = 6,  // alone in a page that is in no chain
};

inline constexpr uint32_t kDescriptorAreaBytes = sizeof(MetadataPageLayout::descriptors);
inline constexpr uint32_t kXattrHeaderBytes = sizeof(DescriptorHeaderLayout) + 4;
// Name and value of one xattr together.
inline constexpr uint32_t kMaxXattrBytes = kDescriptorAreaBytes - kXattrHeaderBytes;
inline constexpr uint32_t kClustersPerExtentPage = 512;

// Flags that forbid to use the blob unless they are understood.
inline constexpr uint64_t kThin = uint64_t{1} << 0;
inline constexpr uint64_t kInternalXattrs = uint64_t{1} << 1;
inline constexpr uint64_t kExtentTable = uint64_t{1} << 2;
inline constexpr uint64_t kExternalSnapshot = uint64_t{1} << 3;
inline constexpr uint64_t kKnownInvalidFlags =
    kThin | kInternalXattrs | kExtentTable | kExternalSnapshot;
// Flags that forbid to change data and metadata.
inline constexpr uint64_t kReadOnlyData = uint64_t{1} << 0;
// Flags that forbid to change metadata unless they are understood; these two say how SPDK clears
// released clusters.
inline constexpr uint64_t kClearMethodMask = 3;

inline constexpr uint64_t kAshlarMagic = 0x0001'5241'4c48'5341;  // "ASHLAR", version 1
inline constexpr uint64_t kShadowMagic = 0x574f'4441'4853'4841;  // "AHSHADOW"
inline constexpr uint32_t kShadowStart = 1;                      // right after the super block
inline constexpr uint32_t kShadowPages = 2;
inline constexpr uint32_t kSectorBytes = 512;  // the smallest piece a torn write leaves whole
inline constexpr uint32_t kSectorsPerPage = kPageBytes / kSectorBytes;

}  // namespace ashlar::format
