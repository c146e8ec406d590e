#include "cpp/device/spdk/spdk_device.h"

#include <algorithm>
#include <cerrno>

#include "cpp/base/units.h"
#include "cpp/device/spdk/compat.h"
#include "cpp/device/spdk/spdk_channel.h"

namespace ashlar::spdk {

namespace {

spdk_bdev_module* ClaimingModule() {
  static spdk_bdev_module module = [] {
    spdk_bdev_module made = {};
    made.name = "ashlar";
    return made;
  }();
  return &module;
}

bool Supports(spdk_bdev* bdev, spdk_bdev_io_type type) {
  return spdk_bdev_io_type_supported(bdev, type);
}

}  // namespace

SpdkDevice::SpdkDevice(AppThread& app, const DeviceSpec& spec, bool huge_pages)
    : app_(app), read_only_(spec.read_only), takes_any_memory_(!huge_pages) {}

Result<std::unique_ptr<SpdkDevice>> SpdkDevice::Open(AppThread& app, const DeviceSpec& spec,
                                                     bool huge_pages) {
  std::unique_ptr<SpdkDevice> device(new SpdkDevice(app, spec, huge_pages));
  Status status;
  app.Run([&] { status = device->OpenBdev(spec); });
  if (!status.ok()) return status;
  return device;
}

SpdkDevice::~SpdkDevice() {
  app_.Run([this] { CloseBdev(); });
}

Status SpdkDevice::OpenBdev(const DeviceSpec& spec) {
  const int failure = spdk_bdev_open_ext(
      spec.path.c_str(), !read_only_,
      [](spdk_bdev_event_type event, spdk_bdev* /*bdev*/, void* self) {
        if (event == SPDK_BDEV_EVENT_REMOVE) static_cast<SpdkDevice*>(self)->OnGone();
      },
      this, &descriptor_);
  if (failure == -ENODEV) {
    descriptor_ = nullptr;
    return Status::NotFound("SPDK has no bdev named " + spec.path +
                            "; its configuration or rpc makes them");
  }
  if (failure == -EPERM) {
    descriptor_ = nullptr;
    return Status::Busy("bdev " + spec.path + " is in use within SPDK");
  }
  if (failure != 0) {
    descriptor_ = nullptr;
    return Status::FromErrno(-failure, "bdev " + spec.path);
  }
  bdev_ = spdk_bdev_desc_get_bdev(descriptor_);
  Status status = Describe(spec);
  if (status.ok() && !read_only_) {
    claimed_ = spdk_bdev_module_claim_bdev(bdev_, descriptor_, ClaimingModule()) == 0;
    if (!claimed_) status = Status::Busy("bdev " + spec.path + " is in use within SPDK");
  }
  if (!status.ok()) CloseBdev();
  return status;
}

Status SpdkDevice::Describe(const DeviceSpec& spec) {
  const uint32_t block_bytes = spdk_bdev_get_block_size(bdev_);
  if ((block_bytes != 512 && block_bytes != kPageBytes) || spdk_bdev_get_md_size(bdev_) != 0 ||
      spdk_bdev_is_zoned(bdev_)) {
    return Status::NotSupported("bdev " + spec.path + " has blocks of " +
                                std::to_string(block_bytes) +
                                " bytes, metadata beside them, or zones; use one with plain blocks "
                                "of 512 or 4096 bytes");
  }
  can_flush_ = Supports(bdev_, SPDK_BDEV_IO_TYPE_FLUSH);
  if (!can_flush_ && !spec.non_volatile_cache && !read_only_) {
    return Status::NotSupported(
        "bdev " + spec.path + " (" + spdk_bdev_get_product_name(bdev_) +
        ") cannot flush its cache, so nothing on it would be durable; if what it has written "
        "survives a power cut all the same, say so with non_volatile_cache; else use another, such "
        "as an aio bdev");
  }
  // SPDK lends to writers only, and does not split such calls.
  lends_ = !read_only_ && Supports(bdev_, SPDK_BDEV_IO_TYPE_ZCOPY) &&
           spdk_bdev_get_optimal_io_boundary(bdev_) == 0;
  info_.name = spdk_bdev_get_name(bdev_);
  info_.backend = "spdk";
  info_.size_bytes = RoundDown(spdk_bdev_get_num_blocks(bdev_) * block_bytes, kPageBytes);
  info_.sector_bytes = block_bytes;
  info_.atomic_write_bytes = block_bytes;
  info_.memory_alignment =
      static_cast<uint32_t>(std::clamp<size_t>(spdk_bdev_get_buf_align(bdev_), 1, kPageBytes));
  info_.direct_io = true;
  info_.volatile_cache = can_flush_ && !spec.non_volatile_cache;
  info_.can_discard = Supports(bdev_, SPDK_BDEV_IO_TYPE_UNMAP);
  return CheckDeviceSize(info_.size_bytes);
}

Result<std::unique_ptr<Channel>> SpdkDevice::OpenChannel() { return OpenSpdkChannel(this, false); }

Result<std::unique_ptr<Channel>> SpdkDevice::OpenSharedChannel() {
  return OpenSpdkChannel(this, true);
}

spdk_io_channel* SpdkDevice::GetChannel() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (is_gone()) return nullptr;
    channels_.push_back(spdk_get_thread());
  }
  spdk_io_channel* channel = spdk_bdev_get_io_channel(descriptor_);
  if (channel == nullptr) ForgetChannel();
  return channel;
}

void SpdkDevice::PutChannel(spdk_io_channel* channel) {
  spdk_put_io_channel(channel);
  ForgetChannel();
}

// The last one closes a bdev that is gone.
void SpdkDevice::ForgetChannel() {
  std::lock_guard<std::mutex> lock(mutex_);
  channels_.erase(std::find(channels_.begin(), channels_.end(), spdk_get_thread()));
  if (channels_.empty() && is_gone()) {
    app_.Post([this] { CloseBdev(); });
  }
}

void SpdkDevice::OnGone() {
  bool unused;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    gone_.store(true, std::memory_order_release);
    unused = channels_.empty();
    // Those that sleep let go only if they wake.
    for (const spdk_thread* thread : channels_) {
      spdk_thread_send_msg(
          thread, [](void*) {}, nullptr);
    }
  }
  if (unused) CloseBdev();
}

void SpdkDevice::CloseBdev() {
  if (descriptor_ == nullptr) return;
  if (claimed_) spdk_bdev_module_release_bdev(bdev_);
  claimed_ = false;
  spdk_bdev_close(descriptor_);
  descriptor_ = nullptr;
  bdev_ = nullptr;
}

}  // namespace ashlar::spdk
