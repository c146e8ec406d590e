// What a simulated drive was told and when, and which contents a power cut could have left.
//
// The drive has a volatile cache. A write counts from its submission on: any part of it, in whole
// atomic units, may be on the medium at a power cut. It is there for certain once a flush that was
// submitted after the write's completion has completed. Writes to one place reach the medium in the
// order in which the drive applied them, which for writes in flight together is anybody's guess.
//
// Single-threaded; CrashDevice holds a lock around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cpp/testing/disk_image.h"
#include "cpp/testing/random.h"

namespace ashlar {

// A point in time is a position: the number of events before it.
class CrashLog {
 public:
  explicit CrashLog(DiskImage start) : start_(std::move(start)) {}

  size_t position() const { return events_.size(); }
  const DiskImage& start() const { return start_; }

  // The drive has been given a write, and perhaps applied it at once. Returns its number.
  size_t SubmitWrite(uint64_t offset_bytes, std::span<const uint8_t> data, bool applied);
  // It has applied and acknowledged the write. A write that failed is never completed.
  void CompleteWrite(size_t write);
  // Returns the number by which the flush is completed.
  size_t SubmitFlush();
  void CompleteFlush(size_t flush);
  // The drive reported an error: what it had acknowledged and not yet stored may be lost even if a
  // later flush succeeds.
  void FailFlush(size_t flush);
  // The medium itself changed.
  void ChangeMedium(uint64_t offset_bytes, std::span<const uint8_t> data);

 private:
  friend class CrashReplay;

  enum class EventKind : uint8_t {
    kSubmitWrite,         // not applied yet
    kSubmitAppliedWrite,  // applied at once
    kCompleteWrite,
    kSubmitFlush,
    kCompleteFlush,
    kFailFlush,
    kChangeMedium,
  };
  struct Event {
    EventKind kind;
    size_t number;  // of the write; for a flush the position of its submission
  };
  struct Write {
    uint64_t offset_bytes;
    std::vector<uint8_t> data;
  };

  size_t AddWrite(EventKind kind, uint64_t offset_bytes, std::span<const uint8_t> data);

  DiskImage start_;
  std::vector<Event> events_;
  std::vector<Write> writes_;
};

// Walks a log forwards and makes images of the moment it stands at.
class CrashReplay {
 public:
  // A write is torn, if at all, between aligned units of `atomic_write_bytes`. The log outlives the
  // replay and may grow.
  CrashReplay(const CrashLog& log, uint32_t atomic_write_bytes);

  size_t position() const { return position_; }
  // Not backwards.
  void AdvanceTo(size_t position);

  // One content that a power cut now could leave; the same for the same seed.
  DiskImage Crash(uint64_t seed) const;
  // What readers see now.
  DiskImage Full() const;

 private:
  struct Pending {
    size_t write;
    uint64_t applied_as;  // place in the order of application; kNotApplied
    size_t completed_at;  // position; kNotCompleted
    bool lost_by_flush;   // an error told the host that it cannot count on this write any more
  };
  static constexpr uint64_t kNotApplied = UINT64_MAX;
  static constexpr size_t kNotCompleted = SIZE_MAX;
  static constexpr uint32_t kSectorBytes = 512;

  void Step(const CrashLog::Event& event, size_t at);
  Pending& Find(size_t write);
  void MakeDurable(size_t submitted_at);
  void Settle(const CrashLog::Write& write, uint64_t applied_as);
  std::vector<Pending> InOrderOfApplication(Random& random) const;
  void Apply(const Pending& pending, const std::vector<bool>& units, DiskImage* image) const;
  size_t UnitsOf(const CrashLog::Write& write) const;

  const CrashLog& log_;
  const uint32_t unit_bytes_;
  size_t position_ = 0;
  uint64_t applied_count_ = 0;
  DiskImage durable_;
  // For each sector of durable_, the place in the order of application of the write it is from: an
  // older write that is stored later does not replace it.
  std::vector<uint64_t> sector_applied_as_;
  std::vector<Pending> pending_;  // in the order of submission
};

}  // namespace ashlar
