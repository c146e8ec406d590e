// Makes a reactor drive a device channel.
#pragma once

#include <memory>

#include "cpp/device/device.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

// Owns the channel; created, registered, removed and destroyed on the reactor's thread.
class ChannelPoller final : public Poller {
 public:
  explicit ChannelPoller(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}

  Channel& channel() { return *channel_; }

  int Poll() override { return channel_->Poll(); }
  int wake_fd() const override { return channel_->wake_fd(); }
  void AnnounceSleep() override { channel_->AnnounceSleep(); }
  void AnnounceWake() override { channel_->AnnounceWake(); }
  int max_sleep_ms() const override { return channel_->max_sleep_ms(); }
  bool must_poll() const override { return channel_->must_poll(); }

 private:
  std::unique_ptr<Channel> channel_;
};

}  // namespace ashlar
