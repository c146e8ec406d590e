#include "cpp/testing/crash_device.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/device/open_requests.h"
#include "cpp/device/request_check.h"

namespace ashlar {

// Requests in flight have a random number of polls to wait; those that are due complete in random
// order.
class CrashChannel final : public Channel {
 public:
  CrashChannel(CrashDevice* device, uint64_t seed)
      : device_(device), random_(seed), requests_(&device->totals_) {}

  void Submit(IoRequest* request) override {
    requests_.Begin();
    CrashDevice::Accepted accepted = device_->Accept(request, random_);
    accepted.polls_left =
        static_cast<uint32_t>(random_.Below(uint64_t{device_->options_.max_delay_polls} + 1));
    accepted_.push_back(std::move(accepted));
  }

  int Poll() override {
    std::vector<CrashDevice::Accepted> due = TakeDue();
    for (CrashDevice::Accepted& accepted : due) {
      device_->Complete(accepted);
      accepted.request->result = accepted.result;
      requests_.End(accepted.request);
    }
    return static_cast<int>(due.size());
  }

  uint32_t in_flight() const override { return requests_.count(); }
  int wake_fd() const override { return -1; }

 private:
  std::vector<CrashDevice::Accepted> TakeDue() {
    std::vector<CrashDevice::Accepted> due;
    for (size_t i = accepted_.size(); i > 1; --i) {
      std::swap(accepted_[i - 1], accepted_[random_.Below(i)]);
    }
    std::vector<CrashDevice::Accepted> later;
    for (CrashDevice::Accepted& accepted : accepted_) {
      const bool is_due = accepted.polls_left == 0;
      if (!is_due) --accepted.polls_left;
      (is_due ? due : later).push_back(std::move(accepted));
    }
    accepted_ = std::move(later);
    return due;
  }

  CrashDevice* const device_;
  Random random_;
  OpenRequests requests_;
  std::vector<CrashDevice::Accepted> accepted_;
};

namespace {

// No read buffer and no discarded range keeps what it held.
constexpr uint8_t kGarbage = 0xdb;

}  // namespace

Result<std::unique_ptr<CrashDevice>> CrashDevice::Make(const CrashDeviceOptions& options) {
  if (options.size_bytes == 0 || options.size_bytes % kPageBytes != 0) {
    return Status::InvalidArgument("size_bytes is " + std::to_string(options.size_bytes) +
                                   "; give a multiple of 4096");
  }
  return FromImage(options, DiskImage(options.size_bytes));
}

Result<std::unique_ptr<CrashDevice>> CrashDevice::FromImage(const CrashDeviceOptions& options,
                                                            DiskImage image) {
  if (options.sector_bytes != 512 && options.sector_bytes != kPageBytes) {
    return Status::InvalidArgument("sector_bytes is " + std::to_string(options.sector_bytes) +
                                   "; give 512 or 4096");
  }
  return std::unique_ptr<CrashDevice>(new CrashDevice(options, std::move(image)));
}

CrashDevice::CrashDevice(const CrashDeviceOptions& options, DiskImage image)
    : options_(options), live_(image), log_(std::move(image)), inline_random_(options.seed) {
  info_.name = options.name;
  info_.backend = "crash";
  info_.size_bytes = live_.size_bytes();
  info_.sector_bytes = options.sector_bytes;
  info_.atomic_write_bytes = options.sector_bytes;
  info_.memory_alignment = kPageBytes;  // the strictest there is
  info_.direct_io = true;
  info_.records_first_writes = options.seed % 2 == 0;
  info_.volatile_cache = true;
  info_.can_discard = true;
}

Result<std::unique_ptr<Channel>> CrashDevice::OpenChannel() {
  std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t seed = Random(options_.seed + ++channels_opened_).Next();
  return std::unique_ptr<Channel>(new CrashChannel(this, seed));
}

int CrashDevice::ReadInline(uint64_t offset_bytes, void* data, uint32_t length_bytes) {
  if (!options_.inline_io) return -EOPNOTSUPP;
  IoRequest request;
  request.op = IoRequest::Op::kRead;
  request.offset_bytes = offset_bytes;
  request.length_bytes = length_bytes;
  request.data = data;
  const int refusal = CheckRequest(info_, false, request);
  if (refusal != 0) return refusal;
  std::lock_guard<std::mutex> lock(mutex_);
  const int fault = FaultFor(request);
  if (fault != 0) return -fault;
  live_.Read(offset_bytes, {static_cast<uint8_t*>(data), length_bytes});
  totals_.CountInlineRead(length_bytes);
  return 0;
}

int CrashDevice::WriteInline(uint64_t offset_bytes, const void* data, uint32_t length_bytes) {
  if (!options_.inline_io) return -EOPNOTSUPP;
  IoRequest request;
  request.op = IoRequest::Op::kWrite;
  request.offset_bytes = offset_bytes;
  request.length_bytes = length_bytes;
  request.data = const_cast<void*>(data);
  const int refusal = CheckRequest(info_, false, request);
  if (refusal != 0) return refusal;
  const std::span<const uint8_t> bytes(static_cast<const uint8_t*>(data), length_bytes);
  std::lock_guard<std::mutex> lock(mutex_);
  const int fault = FaultFor(request);
  if (power_is_off_) return -EIO;
  if (fault != 0) {
    FailWrite(offset_bytes, bytes, inline_random_);
    return -fault;
  }
  const size_t number = log_.SubmitWrite(offset_bytes, bytes, true);
  live_.Write(offset_bytes, bytes);
  log_.CompleteWrite(number);
  totals_.CountInlineWrite(length_bytes);
  return 0;
}

int CrashDevice::FlushInline() {
  if (!options_.inline_io) return -EOPNOTSUPP;
  IoRequest request;
  request.op = IoRequest::Op::kFlush;
  std::lock_guard<std::mutex> lock(mutex_);
  Accepted accepted;
  accepted.result = -FaultFor(request);
  if (power_is_off_) return accepted.result;
  accepted.flush = log_.SubmitFlush();
  CompleteFlush(accepted);
  if (accepted.result == 0) totals_.CountInlineFlush();
  return accepted.result;
}

CrashDevice::Accepted CrashDevice::Accept(IoRequest* request, Random& random) {
  Accepted accepted;
  accepted.request = request;
  accepted.result = CheckRequest(info_, false, *request);
  if (accepted.result != 0) return accepted;
  std::lock_guard<std::mutex> lock(mutex_);
  accepted.result = -FaultFor(*request);
  switch (request->op) {
    case IoRequest::Op::kRead:
      AcceptRead(accepted, random);
      break;
    case IoRequest::Op::kWrite: {
      const auto* bytes = static_cast<const uint8_t*>(request->data);
      accepted.data.assign(bytes, bytes + request->length_bytes);
      AcceptWrite(accepted, random);
      break;
    }
    case IoRequest::Op::kDiscard:
      accepted.data.assign(request->length_bytes, random.OneIn(2) ? kGarbage : uint8_t{0});
      AcceptWrite(accepted, random);
      break;
    case IoRequest::Op::kFlush:
      if (!power_is_off_) accepted.flush = log_.SubmitFlush();
      break;
  }
  return accepted;
}

// A positive errno, or 0.
int CrashDevice::FaultFor(const IoRequest& request) {
  if (power_is_off_) return EIO;
  const uint64_t count = ++op_counts_[static_cast<size_t>(request.op)];
  for (const PlannedFault& fault : faults_) {
    if (fault.op == request.op &&
        (count == fault.nth || (fault.and_all_later && count > fault.nth))) {
      return fault.sys_errno;
    }
  }
  return request.op == IoRequest::Op::kRead
             ? BadRangeFault(request.offset_bytes, request.length_bytes)
             : 0;
}

int CrashDevice::BadRangeFault(uint64_t offset_bytes, uint64_t length_bytes) const {
  for (const BadRange& bad : bad_ranges_) {
    if (offset_bytes < bad.offset_bytes + bad.length_bytes &&
        bad.offset_bytes < offset_bytes + length_bytes) {
      return bad.sys_errno;
    }
  }
  return 0;
}

// The bytes may be taken at once or when the read completes: both are what a drive does.
void CrashDevice::AcceptRead(Accepted& accepted, Random& random) {
  const IoRequest& request = *accepted.request;
  std::memset(request.data, kGarbage, request.length_bytes);
  if (accepted.result == 0 && random.OneIn(2)) {
    live_.Read(request.offset_bytes, {static_cast<uint8_t*>(request.data), request.length_bytes});
    accepted.applied = true;
  }
}

void CrashDevice::AcceptWrite(Accepted& accepted, Random& random) {
  if (power_is_off_) return;
  if (accepted.result != 0) {
    FailWrite(accepted.request->offset_bytes, accepted.data, random);
    return;
  }
  accepted.applied = random.OneIn(2);
  const uint64_t offset = accepted.request->offset_bytes;
  accepted.write = log_.SubmitWrite(offset, accepted.data, accepted.applied);
  if (accepted.applied) live_.Write(offset, accepted.data);
}

// The first sectors of a write that fails, none to all, have arrived.
void CrashDevice::FailWrite(uint64_t offset_bytes, std::span<const uint8_t> data, Random& random) {
  const uint64_t sectors = data.size() / info_.sector_bytes;
  const size_t arrived = static_cast<size_t>(random.Below(sectors + 1) * info_.sector_bytes);
  if (arrived == 0) return;
  const std::span<const uint8_t> bytes = data.first(arrived);
  log_.SubmitWrite(offset_bytes, bytes, true);
  live_.Write(offset_bytes, bytes);
}

void CrashDevice::Complete(Accepted& accepted) {
  std::lock_guard<std::mutex> lock(mutex_);
  // The power may have gone since: then nobody hears of a success any more.
  if (power_is_off_ && accepted.result == 0) accepted.result = -EIO;
  if (power_is_off_) return;
  const IoRequest& request = *accepted.request;
  switch (request.op) {
    case IoRequest::Op::kRead:
      if (accepted.result == 0 && !accepted.applied) {
        live_.Read(request.offset_bytes,
                   {static_cast<uint8_t*>(request.data), request.length_bytes});
      }
      return;
    case IoRequest::Op::kWrite:
    case IoRequest::Op::kDiscard:
      if (accepted.result == 0) CompleteWrite(accepted);
      return;
    case IoRequest::Op::kFlush:
      CompleteFlush(accepted);
      return;
  }
}

void CrashDevice::CompleteWrite(Accepted& accepted) {
  const IoRequest& request = *accepted.request;
  if (!accepted.applied) live_.Write(request.offset_bytes, accepted.data);
  log_.CompleteWrite(accepted.write);
  if (request.op == IoRequest::Op::kWrite &&
      std::memcmp(request.data, accepted.data.data(), accepted.data.size()) != 0) {
    ++buffers_changed_in_flight_;
  }
}

void CrashDevice::CompleteFlush(Accepted& accepted) {
  if (accepted.flush == SIZE_MAX) return;  // came while the power was off
  if (accepted.result != 0) {
    log_.FailFlush(accepted.flush);
  } else if (!lies_about_flush_) {
    log_.CompleteFlush(accepted.flush);
  }
}

size_t CrashDevice::log_position() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return log_.position();
}

CrashReplay& CrashDevice::ReplayAt(size_t position) const {
  ASHLAR_CHECK(position <= log_.position());
  if (!replay_.has_value() || replay_->position() > position) {
    replay_.emplace(log_, info_.atomic_write_bytes);
  }
  replay_->AdvanceTo(position);
  return *replay_;
}

DiskImage CrashDevice::CrashImage(size_t position, uint64_t seed) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return ReplayAt(position).Crash(seed);
}

DiskImage CrashDevice::FullImage(size_t position) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return ReplayAt(position).Full();
}

void CrashDevice::FailNth(IoRequest::Op op, uint64_t nth, int sys_errno, bool and_all_later) {
  ASHLAR_CHECK(nth > 0 && sys_errno > 0);
  std::lock_guard<std::mutex> lock(mutex_);
  faults_.push_back({op, op_counts_[static_cast<size_t>(op)] + nth, sys_errno, and_all_later});
}

void CrashDevice::FailReads(uint64_t offset_bytes, uint64_t length_bytes, int sys_errno) {
  ASHLAR_CHECK(sys_errno > 0);
  std::lock_guard<std::mutex> lock(mutex_);
  bad_ranges_.push_back({offset_bytes, length_bytes, sys_errno});
}

void CrashDevice::LieAboutFlush(bool lie) {
  std::lock_guard<std::mutex> lock(mutex_);
  lies_about_flush_ = lie;
}

void CrashDevice::PowerOff() {
  std::lock_guard<std::mutex> lock(mutex_);
  power_is_off_ = true;
}

void CrashDevice::ClearFaults() {
  std::lock_guard<std::mutex> lock(mutex_);
  faults_.clear();
  bad_ranges_.clear();
  lies_about_flush_ = false;
  power_is_off_ = false;
}

void CrashDevice::FlipBits(uint64_t offset_bytes, uint64_t length_bytes, uint32_t bits,
                           uint64_t seed) {
  ASHLAR_CHECK(length_bytes > 0 && length_bytes <= info_.size_bytes &&
               offset_bytes <= info_.size_bytes - length_bytes);
  std::lock_guard<std::mutex> lock(mutex_);
  Random random(seed);
  std::vector<uint8_t> sector(info_.sector_bytes);
  for (uint32_t i = 0; i < bits; ++i) {
    const uint64_t place = offset_bytes + random.Below(length_bytes);
    const uint64_t sector_offset = RoundDown(place, info_.sector_bytes);
    live_.Read(sector_offset, sector);
    sector[static_cast<size_t>(place - sector_offset)] ^=
        static_cast<uint8_t>(1u << random.Below(8));
    live_.Write(sector_offset, sector);
    log_.ChangeMedium(sector_offset, sector);
  }
}

size_t CrashDevice::buffers_changed_in_flight() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return buffers_changed_in_flight_;
}

void ForEachCrashImage(const CrashDevice& device, const CrashImageOptions& options,
                       const std::function<bool(PowerCut&)>& check) {
  const size_t last = device.log_position();
  ASHLAR_CHECK(options.first_position <= last);
  Random random(options.seed);
  std::vector<size_t> positions = {last};
  while (positions.size() < options.images) {
    positions.push_back(options.first_position +
                        static_cast<size_t>(random.Below(last - options.first_position + 1)));
  }
  std::sort(positions.begin(), positions.end());
  for (const size_t position : positions) {
    const uint64_t seed = random.Next();
    PowerCut cut{position, seed, device.CrashImage(position, seed)};
    if (!check(cut)) return;
  }
}

}  // namespace ashlar
