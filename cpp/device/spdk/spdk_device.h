// A bdev as a Device.
//
// It is opened, watched and closed on SPDK's app thread. When SPDK takes it away (a drive that is
// pulled, a bdev that is deleted) every request fails from then on, the channels let go of it as
// soon as nothing is in flight, and the last of them closes it, so SPDK never waits for a store.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cpp/device/device.h"
#include "cpp/device/device_totals.h"
#include "cpp/device/spdk/app_thread.h"

struct spdk_bdev;
struct spdk_bdev_desc;
struct spdk_io_channel;
struct spdk_thread;

namespace ashlar::spdk {

class SpdkDevice final : public Device {
 public:
  // NotFound, Busy, NotSupported (blocks or a cache that do not fit), InvalidArgument.
  static Result<std::unique_ptr<SpdkDevice>> Open(AppThread& app, const DeviceSpec& spec,
                                                  bool huge_pages);
  ~SpdkDevice() override;
  SpdkDevice(const SpdkDevice&) = delete;
  SpdkDevice& operator=(const SpdkDevice&) = delete;

  const DeviceInfo& info() const override { return info_; }
  DeviceCounters counters() const override { return totals_.Sum(); }
  Result<std::unique_ptr<Channel>> OpenChannel() override;
  Result<std::unique_ptr<Channel>> OpenSharedChannel() override;

  // --- for channels: any thread ---

  // Null when the bdev is gone. Each one is given back by PutChannel, on the same thread.
  spdk_io_channel* GetChannel();
  void PutChannel(spdk_io_channel* channel);

  // Once true always true.
  bool is_gone() const { return gone_.load(std::memory_order_acquire); }
  bool read_only() const { return read_only_; }
  bool can_flush() const { return can_flush_; }
  // Whether small reads may borrow its memory instead of having it copied.
  bool lends() const { return lends_; }
  // Whether memory need not be DMA memory.
  bool takes_any_memory() const { return takes_any_memory_; }
  spdk_bdev_desc* descriptor() const { return descriptor_; }
  spdk_bdev* bdev() const { return bdev_; }
  DeviceTotals* totals() { return &totals_; }

 private:
  SpdkDevice(AppThread& app, const DeviceSpec& spec, bool huge_pages);

  // On the app thread.
  Status OpenBdev(const DeviceSpec& spec);
  Status Describe(const DeviceSpec& spec);
  void OnGone();
  void ForgetChannel();
  void CloseBdev();

  AppThread& app_;
  const bool read_only_;
  const bool takes_any_memory_;
  DeviceInfo info_;
  DeviceTotals totals_;
  spdk_bdev* bdev_ = nullptr;
  spdk_bdev_desc* descriptor_ = nullptr;
  bool claimed_ = false;
  bool can_flush_ = false;
  bool lends_ = false;
  std::atomic<bool> gone_{false};
  std::mutex mutex_;
  std::vector<spdk_thread*> channels_;  // whose; guarded by mutex_, as is the step of gone_ to true
};

}  // namespace ashlar::spdk
