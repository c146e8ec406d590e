#include "cpp/blobfs/fs_volume.h"

#include <utility>

#include "cpp/blobfs/file_format.h"
#include "cpp/runtime/task.h"

namespace ashlar {

namespace {

template <typename Function>
Status OnReactor(Reactor& reactor, Function function) {
  return BlockOn(reactor, [&]() -> Task<Status> { co_return function(); });
}

}  // namespace

FsVolume::FsVolume(std::shared_ptr<Runtime> runtime, std::unique_ptr<Device> device)
    : runtime_(std::move(runtime)), device_(std::move(device)) {}

Result<std::unique_ptr<FsVolume>> FsVolume::Open(std::unique_ptr<Device> device,
                                                 const BlobFsDevice& spec, bool read_only) {
  Result<std::shared_ptr<Runtime>> runtime = Runtime::Acquire(spec.runtime);
  if (!runtime.ok()) return runtime.status();
  std::unique_ptr<FsVolume> volume(new FsVolume(std::move(runtime).value(), std::move(device)));
  ASHLAR_RETURN_IF_ERROR(volume->OpenChannels());
  ASHLAR_RETURN_IF_ERROR(volume->OpenBlobstore(spec, read_only));
  return volume;
}

Status FsVolume::OpenChannels() {
  for (size_t i = 0; i < runtime_->reactor_count(); ++i) {
    Reactor& reactor = runtime_->reactor(i);
    ASHLAR_RETURN_IF_ERROR(OnReactor(reactor, [&]() -> Status {
      Result<std::unique_ptr<Channel>> channel = device_->OpenChannel();
      if (!channel.ok()) return channel.status();
      channels_.push_back(std::make_unique<ChannelPoller>(std::move(channel).value()));
      reactor.AddPoller(channels_.back().get());
      return Status::Ok();
    }));
  }
  return Status::Ok();
}

Status FsVolume::OpenBlobstore(const BlobFsDevice& spec, bool read_only) {
  BlobstoreFormatOptions format;
  format.cluster_bytes = spec.format_options.cluster_bytes;
  format.type = kBlobFsTypeName;
  BlobstoreOpenOptions open;
  open.read_only = read_only;
  open.type = kBlobFsTypeName;
  return BlockOn(runtime_->reactor(0), [&]() -> Task<Status> {
    Channel& channel = channels_[0]->channel();
    const DeviceInfo& info = device_->info();
    if (spec.format) {
      const Status formatted = co_await Blobstore::Format(channel, info, format);
      if (!formatted.ok()) co_return formatted;
    }
    Result<std::unique_ptr<Blobstore>> opened = co_await Blobstore::Open(channel, info, open);
    if (!opened.ok()) co_return opened.status();
    blobstore_ = std::move(opened).value();
    co_return Status::Ok();
  });
}

BlobFsParts FsVolume::parts() {
  BlobFsParts parts;
  parts.device = device_.get();
  parts.blobstore = blobstore_.get();
  parts.home = &runtime_->reactor(0);
  for (size_t i = 0; i < channels_.size(); ++i) {
    parts.lanes.push_back({&runtime_->reactor(i), &channels_[i]->channel()});
  }
  return parts;
}

Status FsVolume::Close() {
  return BlockOn(runtime_->reactor(0), [&]() -> Task<Status> {
    const Status closed = co_await blobstore_->Close();
    co_return closed;
  });
}

// Blobstore, channels, device.
FsVolume::~FsVolume() {
  if (channels_.empty()) return;
  [[maybe_unused]] const Status gone = OnReactor(runtime_->reactor(0), [this] {
    blobstore_.reset();
    return Status::Ok();
  });
  for (size_t i = 0; i < channels_.size(); ++i) {
    Reactor& reactor = runtime_->reactor(i);
    [[maybe_unused]] const Status removed = OnReactor(reactor, [&] {
      reactor.RemovePoller(channels_[i].get());
      channels_[i].reset();
      return Status::Ok();
    });
  }
}

}  // namespace ashlar
