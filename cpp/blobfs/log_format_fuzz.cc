// A log whose units were damaged, lost, put in each other's place or left as they were before is
// never read as other bytes than were appended, nor silently as fewer than were durable; and units
// of any content are scanned without harm.
#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "cpp/base/crc32c.h"
#include "cpp/base/encoding.h"
#include "cpp/blobfs/log_format.h"

namespace {

using namespace ashlar;

constexpr uint32_t kUnitBytes = kMinLogUnitBytes;
constexpr size_t kUnits = 16;
constexpr uint64_t kLogId = 0x1234567890abcdef;
const Framing kFraming = LogFraming(kUnitBytes);

using Unit = std::vector<uint8_t>;

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  uint8_t Byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  size_t Below(size_t bound) { return Byte() % bound; }

 private:
  const uint8_t* data_;
  size_t size_;
};

// What stands at a place of the log.
uint8_t ByteAt(uint64_t offset) { return static_cast<uint8_t>(offset * 131 + offset / 251); }

// Syncs of a log one after the other, each with its units, as a writer makes them.
struct Log {
  std::vector<Unit> now = std::vector<Unit>(kUnits, Unit(kUnitBytes));
  std::vector<Unit> before = now;  // each unit as it was before it was last written
  uint64_t size_bytes = 0;
  uint64_t durable_bytes = 0;
  uint32_t session = 1;

  void Append(uint64_t bytes) {
    const uint64_t first = size_bytes / kFraming.payload_bytes;
    size_bytes = std::min<uint64_t>(size_bytes + bytes, kUnits * kFraming.payload_bytes);
    for (uint64_t unit = first; unit * kFraming.payload_bytes < size_bytes; ++unit) {
      const uint64_t begin = unit * kFraming.payload_bytes;
      Unit bytes_now(kUnitBytes);
      const auto used =
          static_cast<uint32_t>(std::min<uint64_t>(size_bytes - begin, kFraming.payload_bytes));
      for (uint32_t i = 0; i < used; ++i) bytes_now[i] = ByteAt(begin + i);
      SealLogUnit({kLogId, durable_bytes, session, static_cast<uint32_t>(unit), used}, bytes_now);
      before[unit] = std::exchange(now[unit], std::move(bytes_now));
    }
    durable_bytes = size_bytes;
  }
};

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckDamagedLog(Input input) {
  Log log;
  for (size_t syncs = 1 + input.Below(8); syncs > 0; --syncs) {
    if (input.Below(4) == 0) ++log.session;
    log.Append(1 + uint64_t{input.Byte()} * 8);
  }
  const bool sealed = input.Below(2) == 0;
  std::vector<Unit> units = log.now;
  while (!input.empty()) {
    Unit& unit = units[input.Below(kUnits)];
    switch (input.Below(5)) {
      case 0:  // no checksum of 32 bits misses one flipped bit
        unit[(input.Byte() * 2 + input.Below(2)) % kUnitBytes] ^=
            static_cast<uint8_t>(1u << input.Below(8));
        break;
      case 1:
        unit.assign(kUnitBytes, 0);
        break;
      case 2:
        unit = log.now[input.Below(kUnits)];
        break;
      case 3: {
        const size_t which = static_cast<size_t>(&unit - units.data());
        unit = log.before[which];
        break;
      }
      default:
        SealLogUnit({kLogId + 1, 1u << 20, 1, 0, kFraming.payload_bytes}, unit);
        break;
    }
  }
  LogScan scan(kLogId, log.session, sealed ? log.size_bytes : 0, kFraming);
  uint64_t proven = sealed ? log.size_bytes : 0;
  for (size_t i = 0; i < kUnits; ++i) {
    scan.Add(units[i]);
    // A unit of the last session where it belongs tells how long the log was.
    LogUnit unit;
    if (units[i] == log.now[i] &&
        ReadLogUnit(kLogId, static_cast<uint32_t>(i), units[i], &unit) == LogUnitState::kValid &&
        unit.session == log.session) {
      proven = std::max(proven, unit.durable_bytes);
    }
  }
  Require(scan.length_bytes() <= log.size_bytes);
  Require(scan.damaged() || scan.length_bytes() >= proven);
  for (uint64_t i = 0; i < scan.length_bytes(); ++i) {
    const Unit& unit = units[i / kFraming.payload_bytes];
    Require(unit[i % kFraming.payload_bytes] == ByteAt(i));
  }
}

// Every second unit gets a good checksum and the log's id.
void CheckAnyBytes(const uint8_t* data, size_t size) {
  Input input(data, size);
  const uint32_t session = input.Byte();
  const uint64_t known = uint64_t{input.Byte()} * 64;
  std::vector<uint8_t> bytes;
  while (!input.empty() && bytes.size() < kUnits * kUnitBytes) {
    Unit unit(kUnitBytes);
    for (uint8_t& byte : unit) byte = input.Byte();
    if (unit[0] % 2 == 0) {
      StoreLittle(unit.data() + kFraming.payload_bytes, kLogId);
      const size_t crc_at = kUnitBytes - sizeof(uint32_t);
      StoreLittle(unit.data() + crc_at, Crc32c(unit.data(), crc_at));
    }
    bytes.insert(bytes.end(), unit.begin(), unit.end());
  }
  LogScan whole(kLogId, session, known, kFraming);
  whole.Add(bytes);
  LogScan pieces(kLogId, session, known, kFraming);
  for (size_t at = 0; at < bytes.size(); at += kUnitBytes) {
    pieces.Add(std::span(bytes).subspan(at, kUnitBytes));
  }
  Require(whole.length_bytes() == pieces.length_bytes() && whole.damaged() == pieces.damaged());
  Require(kFraming.UnitsEnd(whole.length_bytes()) <= bytes.size());
  Require(whole.damaged() == (whole.proven_bytes() > whole.length_bytes()));
  Require(whole.damaged() || whole.length_bytes() >= known);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0 && data[0] % 2 == 0) {
    CheckDamagedLog(Input(data + 1, size - 1));
  } else if (size > 0) {
    CheckAnyBytes(data + 1, size - 1);
  }
  return 0;
}
