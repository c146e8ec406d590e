#include "cpp/blobstore/super_block.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "cpp/base/crc32c.h"
#include "cpp/base/encoding.h"
#include "cpp/base/zeros.h"
#include "cpp/blobstore/bit_mask.h"

namespace ashlar {

namespace {

using Layout = format::SuperBlockLayout;

// "all zeros", or the first bytes in hexadecimal.
std::string Describe(std::span<const uint8_t> page) {
  if (AllZeros(page)) return "all zeros";
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "data that begins with";
  for (size_t i = 0; i < sizeof(Layout::signature); ++i) {
    text.append({' ', kDigits[page[i] >> 4], kDigits[page[i] & 15]});
  }
  return text;
}

std::string Text(const PageRange& range) {
  return "pages " + std::to_string(range.start) + " to " + std::to_string(range.end());
}

struct NamedRange {
  const char* name;
  PageRange range;
  uint64_t needed_pages;
};

}  // namespace

Result<SuperBlock> DecodeSuperBlock(std::span<const uint8_t, kPageBytes> page) {
  Layout raw;
  std::memcpy(&raw, page.data(), sizeof(raw));
  if (std::memcmp(raw.signature, format::kSuperSignature, sizeof(raw.signature)) != 0) {
    return Status::WrongFormat("no blobstore: the super block is " + Describe(page));
  }
  if (raw.version != format::kVersion) {
    return Status::WrongFormat("blobstore version " + std::to_string(raw.version) +
                               "; only version " + std::to_string(format::kVersion) +
                               " can be read");
  }
  const uint32_t crc = Crc32c(page.data(), format::kCrcOffset);
  if (raw.crc != crc) {
    return Status::Corrupt("super block: checksum is " + std::to_string(raw.crc) +
                           ", its content gives " + std::to_string(crc));
  }
  if (raw.length != kPageBytes) {
    return Status::Corrupt("super block: length is " + std::to_string(raw.length) +
                           " instead of 4096");
  }
  SuperBlock super;
  super.clean = raw.clean;
  super.super_blob = raw.super_blob;
  super.cluster_bytes = raw.cluster_bytes;
  super.used_page_mask = {raw.used_page_mask_start, raw.used_page_mask_pages};
  super.used_cluster_mask = {raw.used_cluster_mask_start, raw.used_cluster_mask_pages};
  super.used_blobid_mask = {raw.used_blobid_mask_start, raw.used_blobid_mask_pages};
  super.metadata = {raw.metadata_start, raw.metadata_pages};
  super.type.assign(reinterpret_cast<const char*>(raw.type), sizeof(raw.type));
  super.type.erase(super.type.find_last_not_of('\0') + 1);
  super.size_bytes = raw.size_bytes;
  super.io_unit_bytes = raw.io_unit_bytes;
  super.metadata_page_bytes = raw.metadata_page_bytes;
  std::memcpy(super.reserved.data(), raw.reserved, sizeof(raw.reserved));
  super.ashlar_magic = raw.ashlar_magic;
  super.shadow_start = raw.shadow_start;
  std::memcpy(super.ashlar_reserved.data(), raw.ashlar_reserved, sizeof(raw.ashlar_reserved));
  return super;
}

void EncodeSuperBlock(const SuperBlock& super, std::span<uint8_t, kPageBytes> page) {
  Layout raw{};
  std::memcpy(raw.signature, format::kSuperSignature, sizeof(raw.signature));
  raw.version = format::kVersion;
  raw.length = kPageBytes;
  raw.clean = super.clean;
  raw.super_blob = super.super_blob;
  raw.cluster_bytes = super.cluster_bytes;
  raw.used_page_mask_start = super.used_page_mask.start;
  raw.used_page_mask_pages = super.used_page_mask.pages;
  raw.used_cluster_mask_start = super.used_cluster_mask.start;
  raw.used_cluster_mask_pages = super.used_cluster_mask.pages;
  raw.used_blobid_mask_start = super.used_blobid_mask.start;
  raw.used_blobid_mask_pages = super.used_blobid_mask.pages;
  raw.metadata_start = super.metadata.start;
  raw.metadata_pages = super.metadata.pages;
  std::memcpy(raw.type, super.type.data(), std::min(super.type.size(), sizeof(raw.type)));
  raw.size_bytes = super.size_bytes;
  raw.io_unit_bytes = super.io_unit_bytes;
  raw.metadata_page_bytes = super.metadata_page_bytes;
  std::memcpy(raw.reserved, super.reserved.data(), sizeof(raw.reserved));
  raw.ashlar_magic = super.ashlar_magic;
  raw.shadow_start = super.shadow_start;
  std::memcpy(raw.ashlar_reserved, super.ashlar_reserved.data(), sizeof(raw.ashlar_reserved));
  std::memcpy(page.data(), &raw, sizeof(raw));
  StoreLittle<uint32_t>(&page[format::kCrcOffset], Crc32c(page.data(), format::kCrcOffset));
}

namespace {

Status CheckValues(const SuperBlock& super, uint64_t device_size_bytes) {
  const uint32_t cluster = super.cluster_bytes;
  if (!std::has_single_bit(cluster) || cluster < kPageBytes || cluster > format::kMaxClusterBytes) {
    return Status::Corrupt("super block: cluster size is " + std::to_string(cluster) +
                           "; a power of two from 4096 to 1 GiB is expected");
  }
  if (super.metadata_page_bytes != 0 && super.metadata_page_bytes != kPageBytes) {
    return Status::NotSupported("super block: metadata pages of " +
                                std::to_string(super.metadata_page_bytes) +
                                " bytes; only 4096 can be read");
  }
  if (super.size_bytes > device_size_bytes) {
    return Status::Corrupt("the device has shrunk: the blobstore covers " +
                           std::to_string(super.size_bytes) + " bytes, the device has " +
                           std::to_string(device_size_bytes));
  }
  if (super.total_clusters() > UINT32_MAX) {
    return Status::Corrupt("super block: " + std::to_string(super.total_clusters()) +
                           " clusters; the format has room for 4294967295");
  }
  if (super.metadata.pages == 0 || super.metadata.pages == format::kNoPage) {
    return Status::Corrupt("super block: metadata region of " +
                           std::to_string(super.metadata.pages) + " pages");
  }
  return Status::Ok();
}

}  // namespace

Status CheckGeometry(const SuperBlock& super, uint64_t device_size_bytes) {
  ASHLAR_RETURN_IF_ERROR(CheckValues(super, device_size_bytes));
  std::array<NamedRange, 6> ranges = {{
      {"super block", {0, 1}, 1},
      {"used-page mask", super.used_page_mask, MaskPages(super.metadata.pages)},
      {"used-cluster mask", super.used_cluster_mask, MaskPages(super.total_clusters())},
      {"used-blobid mask", super.used_blobid_mask, MaskPages(super.metadata.pages)},
      {"metadata region", super.metadata, super.metadata.pages},
      {"shadow area",
       {super.shadow_start, super.has_shadow() ? format::kShadowPages : 0},
       super.has_shadow() ? format::kShadowPages : 0},
  }};
  for (const NamedRange& it : ranges) {
    if (it.range.pages < it.needed_pages) {
      return Status::Corrupt(std::string("super block: the ") + it.name + " has " +
                             std::to_string(it.range.pages) + " pages but needs " +
                             std::to_string(it.needed_pages));
    }
    // What lies in clusters that blobs could be given would be overwritten.
    if (it.range.end() > super.metadata.end()) {
      return Status::Corrupt(std::string("super block: the ") + it.name + " is at " +
                             Text(it.range) + ", behind the metadata region at " +
                             Text(super.metadata));
    }
  }
  if (super.metadata_clusters() > super.total_clusters()) {
    return Status::Corrupt("super block: the metadata region at " + Text(super.metadata) +
                           " is larger than the blobstore of " + std::to_string(super.size_bytes) +
                           " bytes");
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const NamedRange& a, const NamedRange& b) { return a.range.start < b.range.start; });
  const NamedRange* before = nullptr;
  for (const NamedRange& it : ranges) {
    if (it.range.pages == 0) continue;
    if (before != nullptr && before->range.end() > it.range.start) {
      return Status::Corrupt(std::string("super block: the ") + before->name + " at " +
                             Text(before->range) + " overlaps the " + it.name + " at " +
                             Text(it.range));
    }
    before = &it;
  }
  return Status::Ok();
}

}  // namespace ashlar
