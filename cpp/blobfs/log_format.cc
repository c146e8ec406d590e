#include "cpp/blobfs/log_format.h"

#include <algorithm>
#include <cstring>

#include "cpp/base/crc32c.h"
#include "cpp/base/encoding.h"

namespace ashlar {

namespace {

// From the start of the trailer.
constexpr size_t kLogIdAt = 0;
constexpr size_t kDurableAt = 8;
constexpr size_t kSessionAt = 16;
constexpr size_t kSequenceAt = 20;
constexpr size_t kUsedAt = 24;
constexpr size_t kReservedAt = 26;
constexpr size_t kCrcAt = 28;
static_assert(kCrcAt + sizeof(uint32_t) == kLogTrailerBytes);

}  // namespace

void SealLogUnit(const LogUnit& unit, std::span<uint8_t> bytes) {
  const size_t payload = bytes.size() - kLogTrailerBytes;
  std::memset(bytes.data() + unit.used_bytes, 0, payload - unit.used_bytes);
  uint8_t* trailer = bytes.data() + payload;
  StoreLittle(trailer + kLogIdAt, unit.log_id);
  StoreLittle(trailer + kDurableAt, unit.durable_bytes);
  StoreLittle(trailer + kSessionAt, unit.session);
  StoreLittle(trailer + kSequenceAt, unit.sequence);
  StoreLittle(trailer + kUsedAt, static_cast<uint16_t>(unit.used_bytes));
  StoreLittle(trailer + kReservedAt, uint16_t{0});
  StoreLittle(trailer + kCrcAt, Crc32c(bytes.data(), payload + kCrcAt));
}

LogUnitState ReadLogUnit(uint64_t log_id, uint32_t sequence, std::span<const uint8_t> bytes,
                         LogUnit* unit) {
  const size_t payload = bytes.size() - kLogTrailerBytes;
  const uint8_t* trailer = bytes.data() + payload;
  if (LoadLittle<uint64_t>(trailer + kLogIdAt) != log_id) return LogUnitState::kForeign;
  if (LoadLittle<uint32_t>(trailer + kCrcAt) != Crc32c(bytes.data(), payload + kCrcAt)) {
    return LogUnitState::kDamaged;
  }
  // A cluster that was cut off and came back at another place of the same log.
  if (LoadLittle<uint32_t>(trailer + kSequenceAt) != sequence) return LogUnitState::kForeign;
  unit->log_id = log_id;
  unit->durable_bytes = LoadLittle<uint64_t>(trailer + kDurableAt);
  unit->session = LoadLittle<uint32_t>(trailer + kSessionAt);
  unit->sequence = sequence;
  unit->used_bytes = LoadLittle<uint16_t>(trailer + kUsedAt);
  return unit->used_bytes == 0 || unit->used_bytes > payload ? LogUnitState::kDamaged
                                                             : LogUnitState::kValid;
}

void LogScan::Add(std::span<const uint8_t> bytes) {
  for (; bytes.size() >= framing_.unit_bytes; bytes = bytes.subspan(framing_.unit_bytes)) {
    AddUnit(bytes.first(framing_.unit_bytes));
  }
}

void LogScan::AddUnit(std::span<const uint8_t> bytes) {
  LogUnit unit;
  const LogUnitState state = ReadLogUnit(log_id_, next_sequence_++, bytes, &unit);
  const bool valid = state == LogUnitState::kValid && unit.session <= last_session_;
  const bool stale = valid && unit.session < session_;
  if (!ended_) {
    if (valid && !stale) {
      length_bytes_ += unit.used_bytes;
      session_ = unit.session;
      proven_bytes_ = std::max(proven_bytes_, unit.durable_bytes);
      ended_ = unit.used_bytes < framing_.payload_bytes;
      return;
    }
    ended_ = true;
    // Units of ours are never torn: this one was whole once.
    damaged_here_ = state != LogUnitState::kForeign && !stale;
  }
  if (valid && !stale) proven_bytes_ = std::max(proven_bytes_, unit.durable_bytes);
}

}  // namespace ashlar
