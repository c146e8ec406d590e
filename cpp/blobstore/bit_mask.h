// A bitmap as it lies on the device: the used-page, used-cluster and used-blobid masks. Pure.
//
// The format has no checksum here, so a mask is believed only when it agrees with the metadata.
#pragma once

#include <cstdint>
#include <span>

#include "ashlar/status.h"
#include "cpp/blobstore/bitmap.h"
#include "cpp/blobstore/format.h"

namespace ashlar {

// Pages that a mask of `bits` bits takes.
uint64_t MaskPages(uint64_t bits);

// `out` is zeroed first; it holds at least MaskPages(bitmap.size()) pages.
void EncodeMask(format::MaskType type, const Bitmap& bitmap, std::span<uint8_t> out);

// Corrupt: another type, a length other than `bits`, or one that does not fit. The used-cluster
// mask may be longer (SPDK leaves it so when growing the device fails); the rest is dropped.
Result<Bitmap> DecodeMask(format::MaskType type, uint64_t bits, std::span<const uint8_t> in);

}  // namespace ashlar
