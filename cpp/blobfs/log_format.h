// The units of a log file on the device. Pure; docs/format.md says why they are what they are.
//
//   payload ...                  | trailer                                                  |
//                                | log id | durable | session | sequence | used | 0 | CRC32C |
//   unit - 32 bytes              | 8      | 8       | 4       | 4        | 2    | 2 | 4      |
//
// A unit is as long as what the device writes atomically, so at a power cut it is old or new, never
// a mixture. That is what allows the last one to be rewritten in place by the next sync.
#pragma once

#include <cstdint>
#include <span>

#include "cpp/base/units.h"
#include "cpp/blobfs/framing.h"

namespace ashlar {

inline constexpr uint32_t kLogTrailerBytes = 32;
inline constexpr uint32_t kMinLogUnitBytes = 512;
inline constexpr uint32_t kMaxLogUnitBytes = kPageBytes;

inline Framing LogFraming(uint32_t unit_bytes) {
  return Framing{unit_bytes, unit_bytes - kLogTrailerBytes};
}

struct LogUnit {
  uint64_t log_id = 0;         // random: units of other logs never fit
  uint64_t durable_bytes = 0;  // of the log, flushed before this unit was written
  uint32_t session = 0;        // grows with each opening for append and with each cut
  uint32_t sequence = 0;       // its place: number of the unit in the blob
  uint32_t used_bytes = 0;     // of the payload; fewer than all only in the last unit
};

// Writes the trailer behind the payload, and zeros between the used part of it and the trailer.
void SealLogUnit(const LogUnit& unit, std::span<uint8_t> bytes);

enum class LogUnitState : uint8_t {
  kForeign,  // never written by this log, or at another place
  kDamaged,  // written by this log, but not as it is now
  kValid,
};

// What stands at the place `sequence` of the log; *unit only if it is valid.
LogUnitState ReadLogUnit(uint64_t log_id, uint32_t sequence, std::span<const uint8_t> bytes,
                         LogUnit* unit);

// Finds the end of a log from its units, all of them from the first to the end of the blob.
//
// The log ends where the first unit stands that is not valid, belongs to an earlier session than
// the one before it, or follows one that is not full. A later unit that was written when more than
// that was durable proves that something is missing: damage, not the end.
class LogScan {
 public:
  // `known_bytes`: that much is there for certain. `session`: no later one was begun.
  LogScan(uint64_t log_id, uint32_t session, uint64_t known_bytes, Framing framing)
      : log_id_(log_id), last_session_(session), framing_(framing), proven_bytes_(known_bytes) {}

  // The next units, whole ones.
  void Add(std::span<const uint8_t> bytes);

  // Up to the end, or to the first damage.
  uint64_t length_bytes() const { return length_bytes_; }
  bool damaged() const { return damaged_here_ || proven_bytes_ > length_bytes_; }
  // What the log would be long at least, were it not damaged.
  uint64_t proven_bytes() const {
    return damaged_here_ && proven_bytes_ <= length_bytes_ ? length_bytes_ + 1 : proven_bytes_;
  }

 private:
  void AddUnit(std::span<const uint8_t> bytes);

  const uint64_t log_id_;
  const uint32_t last_session_;
  const Framing framing_;
  uint32_t next_sequence_ = 0;
  uint32_t session_ = 0;  // of the last unit
  bool ended_ = false;
  bool damaged_here_ = false;
  uint64_t length_bytes_ = 0;
  uint64_t proven_bytes_;
};

}  // namespace ashlar
