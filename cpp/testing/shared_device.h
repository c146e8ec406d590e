// A device that a test keeps while a store uses it, with a look at every request on its way.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "cpp/device/device.h"

namespace ashlar {

// Called for each request before the device gets it, on the thread that submits it: one store
// submits on all its reactors at once.
using RequestObserver = std::function<void(const IoRequest&)>;

// Hands everything on to `device`. `closed` is called when the store lets go.
class SharedDevice final : public Device {
 public:
  SharedDevice(std::shared_ptr<Device> device, RequestObserver observer,
               std::function<void()> closed)
      : device_(std::move(device)), observer_(std::move(observer)), closed_(std::move(closed)) {}
  ~SharedDevice() override {
    if (closed_) closed_();
  }
  SharedDevice(const SharedDevice&) = delete;
  SharedDevice& operator=(const SharedDevice&) = delete;

  const DeviceInfo& info() const override { return device_->info(); }
  DeviceCounters counters() const override { return device_->counters(); }
  bool SupportsInlineRead() const override { return device_->SupportsInlineRead(); }
  int ReadInline(uint64_t offset_bytes, void* data, uint32_t length_bytes) override {
    return device_->ReadInline(offset_bytes, data, length_bytes);
  }
  // An observer is to see every write in its order.
  bool SupportsInlineWrite() const override { return !observer_ && device_->SupportsInlineWrite(); }
  int WriteInline(uint64_t offset_bytes, const void* data, uint32_t length_bytes) override {
    return device_->WriteInline(offset_bytes, data, length_bytes);
  }
  bool SupportsInlineFlush() const override { return device_->SupportsInlineFlush(); }
  int FlushInline() override { return device_->FlushInline(); }
  const uint8_t* memory() const override { return device_->memory(); }

  Result<std::unique_ptr<Channel>> OpenChannel() override {
    Result<std::unique_ptr<Channel>> channel = device_->OpenChannel();
    if (!channel.ok() || !observer_) return channel;
    return std::unique_ptr<Channel>(new ObservedChannel(std::move(channel).value(), observer_));
  }

 private:
  class ObservedChannel final : public Channel {
   public:
    ObservedChannel(std::unique_ptr<Channel> channel, const RequestObserver& observer)
        : channel_(std::move(channel)), observer_(observer) {}
    void Submit(IoRequest* request) override {
      observer_(*request);
      channel_->Submit(request);
    }
    int Poll() override { return channel_->Poll(); }
    uint32_t in_flight() const override { return channel_->in_flight(); }
    int wake_fd() const override { return channel_->wake_fd(); }
    bool must_poll() const override { return channel_->must_poll(); }
    int max_sleep_ms() const override { return channel_->max_sleep_ms(); }
    void AnnounceSleep() override { channel_->AnnounceSleep(); }
    void AnnounceWake() override { channel_->AnnounceWake(); }

   private:
    const std::unique_ptr<Channel> channel_;
    const RequestObserver& observer_;
  };

  const std::shared_ptr<Device> device_;
  const RequestObserver observer_;
  const std::function<void()> closed_;
};

}  // namespace ashlar
