#include "cpp/device/uring_device.h"

#include <utility>

#include "cpp/device/file_device.h"
#include "cpp/device/uring_channel.h"

namespace ashlar {

namespace {

class UringDevice final : public FileDevice {
 public:
  UringDevice(FileHandle file, const UringFeatures& features)
      : FileDevice(std::move(file), "io_uring"), features_(features) {}

  Result<std::unique_ptr<Channel>> OpenChannel() override {
    return OpenUringChannel(file_, features_, ChannelUsers::kOneThread, &totals_);
  }

  Result<std::unique_ptr<Channel>> OpenSharedChannel() override {
    return OpenUringChannel(file_, features_, ChannelUsers::kInTurn, &totals_);
  }

 private:
  const UringFeatures features_;
};

}  // namespace

std::unique_ptr<Device> NewUringDevice(FileHandle file, const UringFeatures& features) {
  return std::make_unique<UringDevice>(std::move(file), features);
}

}  // namespace ashlar
