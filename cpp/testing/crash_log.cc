#include "cpp/testing/crash_log.h"

#include <algorithm>
#include <utility>

#include "cpp/base/check.h"

namespace ashlar {

size_t CrashLog::AddWrite(EventKind kind, uint64_t offset_bytes, std::span<const uint8_t> data) {
  writes_.push_back({offset_bytes, {data.begin(), data.end()}});
  events_.push_back({kind, writes_.size() - 1});
  return writes_.size() - 1;
}

size_t CrashLog::SubmitWrite(uint64_t offset_bytes, std::span<const uint8_t> data, bool applied) {
  return AddWrite(applied ? EventKind::kSubmitAppliedWrite : EventKind::kSubmitWrite, offset_bytes,
                  data);
}

void CrashLog::CompleteWrite(size_t write) {
  events_.push_back({EventKind::kCompleteWrite, write});
}

size_t CrashLog::SubmitFlush() {
  events_.push_back({EventKind::kSubmitFlush, 0});
  return events_.size() - 1;
}

void CrashLog::CompleteFlush(size_t flush) {
  events_.push_back({EventKind::kCompleteFlush, flush});
}

void CrashLog::FailFlush(size_t flush) { events_.push_back({EventKind::kFailFlush, flush}); }

void CrashLog::ChangeMedium(uint64_t offset_bytes, std::span<const uint8_t> data) {
  AddWrite(EventKind::kChangeMedium, offset_bytes, data);
}

CrashReplay::CrashReplay(const CrashLog& log, uint32_t atomic_write_bytes)
    : log_(log),
      unit_bytes_(atomic_write_bytes),
      durable_(log.start()),
      sector_applied_as_(log.start().size_bytes() / kSectorBytes) {}

void CrashReplay::AdvanceTo(size_t position) {
  ASHLAR_CHECK(position >= position_ && position <= log_.events_.size());
  for (; position_ < position; ++position_) {
    Step(log_.events_[position_], position_);
  }
}

void CrashReplay::Step(const CrashLog::Event& event, size_t at) {
  switch (event.kind) {
    case CrashLog::EventKind::kSubmitWrite:
      pending_.push_back({event.number, kNotApplied, kNotCompleted, false});
      return;
    case CrashLog::EventKind::kSubmitAppliedWrite:
      pending_.push_back({event.number, ++applied_count_, kNotCompleted, false});
      return;
    case CrashLog::EventKind::kCompleteWrite: {
      Pending& pending = Find(event.number);
      pending.completed_at = at;
      if (pending.applied_as == kNotApplied) pending.applied_as = ++applied_count_;
      return;
    }
    case CrashLog::EventKind::kSubmitFlush:
      return;
    case CrashLog::EventKind::kCompleteFlush:
      MakeDurable(event.number);
      return;
    case CrashLog::EventKind::kFailFlush:
      for (Pending& pending : pending_) {
        if (pending.completed_at != kNotCompleted) pending.lost_by_flush = true;
      }
      return;
    case CrashLog::EventKind::kChangeMedium:
      Settle(log_.writes_[event.number], ++applied_count_);
      return;
  }
}

CrashReplay::Pending& CrashReplay::Find(size_t write) {
  // Few writes are pending, and the newest is the likeliest.
  const auto found = std::find_if(pending_.rbegin(), pending_.rend(),
                                  [write](const Pending& p) { return p.write == write; });
  ASHLAR_CHECK(found != pending_.rend());
  return *found;
}

void CrashReplay::MakeDurable(size_t submitted_at) {
  std::erase_if(pending_, [&](const Pending& pending) {
    const bool covered = pending.completed_at < submitted_at && !pending.lost_by_flush;
    if (covered) Settle(log_.writes_[pending.write], pending.applied_as);
    return covered;
  });
}

void CrashReplay::Settle(const CrashLog::Write& write, uint64_t applied_as) {
  for (size_t done = 0; done < write.data.size(); done += kSectorBytes) {
    const uint64_t offset = write.offset_bytes + done;
    uint64_t& newest = sector_applied_as_[offset / kSectorBytes];
    if (newest < applied_as) {
      newest = applied_as;
      durable_.Write(offset, std::span(write.data).subspan(done, kSectorBytes));
    }
  }
}

size_t CrashReplay::UnitsOf(const CrashLog::Write& write) const {
  const uint64_t end = write.offset_bytes + write.data.size();
  return static_cast<size_t>(DivideRoundUp(end, unit_bytes_) - write.offset_bytes / unit_bytes_);
}

// Those the drive has not applied yet come last, in any order.
std::vector<CrashReplay::Pending> CrashReplay::InOrderOfApplication(Random& random) const {
  std::vector<Pending> ordered = pending_;
  for (size_t i = ordered.size(); i > 1; --i) {
    std::swap(ordered[i - 1], ordered[random.Below(i)]);
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Pending& a, const Pending& b) { return a.applied_as < b.applied_as; });
  return ordered;
}

void CrashReplay::Apply(const Pending& pending, const std::vector<bool>& units,
                        DiskImage* image) const {
  const CrashLog::Write& write = log_.writes_[pending.write];
  const uint64_t first_unit = write.offset_bytes / unit_bytes_;
  for (size_t done = 0; done < write.data.size(); done += kSectorBytes) {
    const uint64_t offset = write.offset_bytes + done;
    const bool stored = units[static_cast<size_t>(offset / unit_bytes_ - first_unit)];
    if (stored && sector_applied_as_[offset / kSectorBytes] < pending.applied_as) {
      image->Write(offset, std::span(write.data).subspan(done, kSectorBytes));
    }
  }
}

namespace {

// How the pending writes of one image fared. The extremes come up often, since they are where
// missing flushes show.
enum class Fate : uint8_t { kNone, kAll, kWholeOrNothing, kTorn, kAllButOne, kOnlyOne };
constexpr uint64_t kFates = 6;

std::vector<bool> TornUnits(size_t units, Random& random) {
  std::vector<bool> stored(units);
  const bool by_prefix = random.OneIn(2);
  const uint64_t cut = random.Below(units + 1);
  for (size_t i = 0; i < units; ++i) {
    stored[i] = by_prefix ? i < cut : random.OneIn(2);
  }
  return stored;
}

std::vector<bool> StoredUnits(Fate fate, bool is_the_one, size_t units, Random& random) {
  switch (fate) {
    case Fate::kNone:
      return std::vector<bool>(units, false);
    case Fate::kAll:
      return std::vector<bool>(units, true);
    case Fate::kWholeOrNothing:
      return std::vector<bool>(units, random.OneIn(2));
    case Fate::kTorn:
      return random.OneIn(3) ? std::vector<bool>(units, random.OneIn(2)) : TornUnits(units, random);
    case Fate::kAllButOne:
      return is_the_one ? TornUnits(units, random) : std::vector<bool>(units, true);
    case Fate::kOnlyOne:
      return is_the_one ? TornUnits(units, random) : std::vector<bool>(units, false);
  }
  return std::vector<bool>(units, true);
}

}  // namespace

DiskImage CrashReplay::Crash(uint64_t seed) const {
  Random random(seed);
  const auto fate = static_cast<Fate>(random.Below(kFates));
  DiskImage image = durable_;
  const std::vector<Pending> ordered = InOrderOfApplication(random);
  if (ordered.empty()) return image;
  const size_t the_one = static_cast<size_t>(random.Below(ordered.size()));
  for (size_t i = 0; i < ordered.size(); ++i) {
    const size_t units = UnitsOf(log_.writes_[ordered[i].write]);
    Apply(ordered[i], StoredUnits(fate, i == the_one, units, random), &image);
  }
  return image;
}

DiskImage CrashReplay::Full() const {
  DiskImage image = durable_;
  Random unused(0);
  for (const Pending& pending : InOrderOfApplication(unused)) {
    if (pending.applied_as == kNotApplied) break;
    const size_t units = UnitsOf(log_.writes_[pending.write]);
    Apply(pending, std::vector<bool>(units, true), &image);
  }
  return image;
}

}  // namespace ashlar
