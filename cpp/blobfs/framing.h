// How the bytes of a file lie in its blob: in units, each with a payload and, in logs, a trailer.
#pragma once

#include <cstdint>

#include "cpp/base/units.h"

namespace ashlar {

// An offset counts bytes of the file, a position bytes of the blob. In an ordinary file they are
// the same.
struct Framing {
  uint32_t unit_bytes = kPageBytes;
  uint32_t payload_bytes = kPageBytes;

  bool framed() const { return payload_bytes != unit_bytes; }
  uint64_t UnitOf(uint64_t offset) const { return offset / payload_bytes; }
  uint64_t PositionOf(uint64_t offset) const {
    return framed() ? offset / payload_bytes * unit_bytes + offset % payload_bytes : offset;
  }
  // Bytes of the units that hold the first `size` bytes.
  uint64_t UnitsEnd(uint64_t size) const { return DivideRoundUp(size, payload_bytes) * unit_bytes; }
  // The first offset whose unit begins at `position` or behind it; `position` is where one begins.
  uint64_t OffsetAt(uint64_t position) const { return position / unit_bytes * payload_bytes; }
};

}  // namespace ashlar
