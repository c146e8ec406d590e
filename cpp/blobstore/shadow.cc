#include "cpp/blobstore/shadow.h"

#include <cstring>

#include "cpp/base/crc32c.h"
#include "cpp/base/encoding.h"

namespace ashlar {

namespace {

SectorCrcs CrcsOf(std::span<const uint8_t, kPageBytes> page) {
  SectorCrcs crcs;
  for (size_t i = 0; i < crcs.size(); ++i) {
    crcs[i] = Crc32c(&page[i * format::kSectorBytes], format::kSectorBytes);
  }
  return crcs;
}

}  // namespace

bool ShadowSlot::Explains(std::span<const uint8_t, kPageBytes> found) const {
  const SectorCrcs crcs = CrcsOf(found);
  bool begun = false;
  for (size_t i = 0; i < crcs.size(); ++i) {
    if (crcs[i] == old_sectors[i]) continue;
    if (crcs[i] != new_sectors[i]) return false;
    begun = true;
  }
  return begun;
}

void EncodeShadow(uint64_t target_page, std::span<const uint8_t, kPageBytes> old_page,
                  std::span<const uint8_t, kPageBytes> new_page,
                  std::span<uint8_t, kShadowBytes> slot) {
  format::ShadowLayout raw{};
  raw.magic = format::kShadowMagic;
  raw.target_page = target_page;
  raw.image_crc = Crc32c(new_page.data(), new_page.size());
  const SectorCrcs old_crcs = CrcsOf(old_page);
  const SectorCrcs new_crcs = CrcsOf(new_page);
  std::memcpy(raw.old_sector_crcs, old_crcs.data(), sizeof(raw.old_sector_crcs));
  std::memcpy(raw.new_sector_crcs, new_crcs.data(), sizeof(raw.new_sector_crcs));
  std::memcpy(slot.data(), &raw, sizeof(raw));
  StoreLittle<uint32_t>(&slot[format::kCrcOffset], Crc32c(slot.data(), format::kCrcOffset));
  std::memcpy(&slot[kPageBytes], new_page.data(), kPageBytes);
}

std::optional<ShadowSlot> DecodeShadow(std::span<const uint8_t, kShadowBytes> slot) {
  format::ShadowLayout raw;
  std::memcpy(&raw, slot.data(), sizeof(raw));
  if (raw.magic != format::kShadowMagic || raw.crc != Crc32c(slot.data(), format::kCrcOffset) ||
      raw.image_crc != Crc32c(&slot[kPageBytes], kPageBytes)) {
    return std::nullopt;
  }
  ShadowSlot decoded;
  decoded.target_page = raw.target_page;
  std::memcpy(decoded.old_sectors.data(), raw.old_sector_crcs, sizeof(raw.old_sector_crcs));
  std::memcpy(decoded.new_sectors.data(), raw.new_sector_crcs, sizeof(raw.new_sector_crcs));
  std::memcpy(decoded.image.data(), &slot[kPageBytes], kPageBytes);
  return decoded;
}

}  // namespace ashlar
