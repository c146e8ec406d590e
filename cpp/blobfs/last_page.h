// What was written to the last page of a log. A page cache in front of a file writes that page
// again and again while the file grows, and a part of it may lie on the device only: reading it for
// each write would cost more than the write.
//
// Threads: one at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cpp/base/units.h"

namespace ashlar {

class LastPage {
 public:
  // The file has these bytes, and none behind them.
  void Written(uint64_t offset, std::span<const uint8_t> bytes) {
    const uint64_t end = offset + bytes.size();
    const uint64_t page = RoundDown(end, kPageBytes);
    if (offset <= page) {
      offset_ = page;
      bytes_.clear();
      bytes = bytes.subspan(static_cast<size_t>(page - offset));
    } else if (page != offset_ || offset != offset_ + bytes_.size()) {
      return Forget();  // what comes before it in the page is not known
    }
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }

  // Bytes may be other ones now.
  void Forget() { bytes_.clear(); }

  // Whether the file has these bytes; none: not known.
  std::optional<bool> Has(uint64_t offset, std::span<const uint8_t> bytes) const {
    if (offset < offset_ || offset + bytes.size() > offset_ + bytes_.size()) return std::nullopt;
    return std::equal(bytes.begin(), bytes.end(),
                      bytes_.begin() + static_cast<ptrdiff_t>(offset - offset_));
  }

 private:
  uint64_t offset_ = 0;
  std::vector<uint8_t> bytes_;
};

}  // namespace ashlar
