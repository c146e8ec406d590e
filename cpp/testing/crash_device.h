// A simulated drive with a volatile cache, for tests of what survives a power cut.
//
// It keeps its content in memory, logs every write and flush, completes requests late and out of
// order, and makes from its log the contents that a power cut at any moment could have left
// (crash_log.h has the rules). Faults can be planned. All that is random comes from a seed.
//
// The device itself may be used from many threads; each channel belongs to one, as always.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/status.h"
#include "cpp/device/device.h"
#include "cpp/device/device_totals.h"
#include "cpp/testing/crash_log.h"
#include "cpp/testing/disk_image.h"

namespace ashlar {

struct CrashDeviceOptions {
  std::string name = "crash";
  uint64_t size_bytes = 16 * kMiB;  // without an image: of zeros, a multiple of 4096
  uint32_t sector_bytes = 512;      // 512 or 4096; a write is torn between sectors
  uint64_t seed = 1;                // of delays and of the order of completions; an even one makes
                                    // the drive say that it records first writes, as a file does
  uint32_t max_delay_polls = 3;     // a request completes within so many more polls; 0: at once
  bool inline_io = true;
};

class CrashDevice final : public Device {
 public:
  static Result<std::unique_ptr<CrashDevice>> Make(const CrashDeviceOptions& options);
  // A drive that holds `image`, all of it durable; options.size_bytes is ignored.
  static Result<std::unique_ptr<CrashDevice>> FromImage(const CrashDeviceOptions& options,
                                                        DiskImage image);

  const DeviceInfo& info() const override { return info_; }
  DeviceCounters counters() const override { return totals_.Sum(); }
  Result<std::unique_ptr<Channel>> OpenChannel() override;
  bool SupportsInlineRead() const override { return options_.inline_io; }
  int ReadInline(uint64_t offset_bytes, void* data, uint32_t length_bytes) override;
  bool SupportsInlineWrite() const override { return options_.inline_io; }
  int WriteInline(uint64_t offset_bytes, const void* data, uint32_t length_bytes) override;
  bool SupportsInlineFlush() const override { return options_.inline_io; }
  int FlushInline() override;

  // Power cuts. A position is a number of logged events; log_position() is now. An image may be
  // asked for at any position up to now, for the same seed always the same.
  size_t log_position() const;
  DiskImage CrashImage(size_t position, uint64_t seed) const;
  // What readers saw at `position`: nothing lost.
  DiskImage FullImage(size_t position) const;

  // Faults. The nth (1 is the next) request of that kind from now on, over all channels, fails with
  // the positive `sys_errno`, and with `and_all_later` those behind it too. A write that fails has
  // stored any part of its bytes; after a flush that fails, what it should have covered may be lost
  // even though a later one succeeds.
  void FailNth(IoRequest::Op op, uint64_t nth, int sys_errno, bool and_all_later = false);
  // Every read that touches the range fails.
  void FailReads(uint64_t offset_bytes, uint64_t length_bytes, int sys_errno);
  // A flush completes and makes nothing durable. Tests of ordering rules must fail on such a drive,
  // or they show nothing.
  void LieAboutFlush(bool lie);
  // From now on every request fails with EIO and leaves no trace, as if the power were gone.
  void PowerOff();
  // Takes back all of the above.
  void ClearFaults();
  // Flips one bit in each of `bits` random places of the range, on the medium, with no error.
  void FlipBits(uint64_t offset_bytes, uint64_t length_bytes, uint32_t bits, uint64_t seed);

  // Writes whose buffer changed between Submit and done: a bug of the submitter.
  size_t buffers_changed_in_flight() const;

 private:
  friend class CrashChannel;

  // What a channel knows of a request it has accepted.
  struct Accepted {
    IoRequest* request = nullptr;
    int32_t result = 0;
    uint32_t polls_left = 0;
    bool applied = false;       // the transfer has happened
    size_t write = SIZE_MAX;    // number in the log
    size_t flush = SIZE_MAX;    // likewise
    std::vector<uint8_t> data;  // of a write or discard
  };
  struct PlannedFault {
    IoRequest::Op op;
    uint64_t nth;
    int sys_errno;
    bool and_all_later;
  };
  struct BadRange {
    uint64_t offset_bytes;
    uint64_t length_bytes;
    int sys_errno;
  };

  CrashDevice(const CrashDeviceOptions& options, DiskImage image);

  Accepted Accept(IoRequest* request, Random& random);
  void Complete(Accepted& accepted);
  int FaultFor(const IoRequest& request);
  int BadRangeFault(uint64_t offset_bytes, uint64_t length_bytes) const;
  void AcceptRead(Accepted& accepted, Random& random);
  void AcceptWrite(Accepted& accepted, Random& random);
  void FailWrite(uint64_t offset_bytes, std::span<const uint8_t> data, Random& random);
  void CompleteWrite(Accepted& accepted);
  void CompleteFlush(Accepted& accepted);
  CrashReplay& ReplayAt(size_t position) const;

  const CrashDeviceOptions options_;
  DeviceInfo info_;
  DeviceTotals totals_;

  mutable std::mutex mutex_;  // guards all below
  DiskImage live_;
  CrashLog log_;
  mutable std::optional<CrashReplay> replay_;  // where the last image was made
  uint64_t channels_opened_ = 0;
  Random inline_random_;  // of writes without a channel
  uint64_t op_counts_[4] = {};
  std::vector<PlannedFault> faults_;
  std::vector<BadRange> bad_ranges_;
  bool lies_about_flush_ = false;
  bool power_is_off_ = false;
  size_t buffers_changed_in_flight_ = 0;
};

struct CrashImageOptions {
  uint64_t seed = 1;
  size_t images = 200;
  size_t first_position = 0;  // for example, log_position() after the set-up
};

// One power cut; CrashImage(position, seed) makes it again.
struct PowerCut {
  size_t position;
  uint64_t seed;
  DiskImage image;
};

// Calls `check` with power cuts at positions from first_position to now, in increasing order and
// always including now, until it returns false.
void ForEachCrashImage(const CrashDevice& device, const CrashImageOptions& options,
                       const std::function<bool(PowerCut&)>& check);

}  // namespace ashlar
