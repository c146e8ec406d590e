// The shadow copy of the page that is being overwritten in place, for devices that tear 4 KiB
// writes. Pure: encoding, decoding, and the decision whether a page may be restored from it.
//
// Only the newest in-place write can be torn, because each is durable before the next begins; so
// one slot is enough. It is written and flushed before the page itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "cpp/base/units.h"
#include "cpp/blobstore/format.h"

namespace ashlar {

inline constexpr size_t kShadowBytes = size_t{format::kShadowPages} * kPageBytes;

using SectorCrcs = std::array<uint32_t, format::kSectorsPerPage>;

struct ShadowSlot {
  uint64_t target_page = 0;  // from the start of the device
  SectorCrcs old_sectors{};
  SectorCrcs new_sectors{};
  std::array<uint8_t, kPageBytes> image{};  // the new content

  // Whether a page with this content can be the result of tearing the write of `image`: each sector
  // is as before or as after it. A page that rotted, or was changed since by a program that does
  // not keep the shadow, is not, and must not be restored from here. Nor must a page that is wholly
  // as before: its write had not begun, and the pages that `image` refers to may not be durable.
  bool Explains(std::span<const uint8_t, kPageBytes> found) const;
};

// Slot for replacing `old_page` by `new_page`.
void EncodeShadow(uint64_t target_page, std::span<const uint8_t, kPageBytes> old_page,
                  std::span<const uint8_t, kPageBytes> new_page,
                  std::span<uint8_t, kShadowBytes> slot);

// Nothing when the slot is empty, torn or of another kind.
std::optional<ShadowSlot> DecodeShadow(std::span<const uint8_t, kShadowBytes> slot);

}  // namespace ashlar
