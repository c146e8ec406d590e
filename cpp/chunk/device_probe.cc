// Store::Probe: what lies on a device, without changing it.
#include <algorithm>
#include <cstring>
#include <utility>

#include "ashlar/store.h"
#include "cpp/base/aligned_buffer.h"
#include "cpp/blobstore/blobstore.h"
#include "cpp/chunk/store_identity.h"
#include "cpp/device/device.h"
#include "cpp/runtime/channel_poller.h"
#include "cpp/runtime/hop.h"
#include "cpp/runtime/io_await.h"
#include "cpp/runtime/runtime.h"
#include "cpp/runtime/task.h"

namespace ashlar {

namespace {

// Formats keep their marks at the start of a device (file systems, partition tables, swap) and some
// a second one at the end (GPT, RAID, ZFS).
constexpr uint64_t kLookedAtBytes = 1 * kMiB;
constexpr char kBlobstoreSignature[] = "SPDKBLOB";

struct Looked {
  bool all_zeros = true;
  bool blobstore = false;
};

Task<Result<Looked>> Look(Channel& channel, const DeviceInfo& info) {
  const uint64_t length = std::min(kLookedAtBytes, info.size_bytes);
  AlignedBuffer buffer(static_cast<size_t>(length));
  if (!buffer.valid()) co_return Status::OutOfMemory("1 MiB to look at " + info.name);
  Looked looked;
  for (const uint64_t offset : {uint64_t{0}, info.size_bytes - length}) {
    IoAwait io(channel, IoRequest::Op::kRead, offset, buffer.data(), static_cast<uint32_t>(length));
    const int result = co_await io;
    if (result < 0) {
      co_return Status::FromErrno(-result,
                                  "read of " + info.name + " at " + std::to_string(offset));
    }
    const auto bytes = buffer.span().first(static_cast<size_t>(length));
    if (std::any_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b != 0; })) {
      looked.all_zeros = false;
    }
    if (offset == 0) {
      looked.blobstore = std::memcmp(bytes.data(), kBlobstoreSignature, 8) == 0;
    }
  }
  co_return looked;
}

Task<Result<DeviceContent>> ProbeDevice(Channel& channel, const DeviceInfo& info) {
  Result<Looked> looked = co_await Look(channel, info);
  if (!looked.ok()) co_return looked.status();
  if (looked.value().all_zeros) co_return DeviceContent::kNothing;
  if (!looked.value().blobstore) co_return DeviceContent::kOther;
  BlobstoreOpenOptions options;
  options.read_only = true;
  Result<std::unique_ptr<Blobstore>> blobstore = co_await Blobstore::Open(channel, info, options);
  if (!blobstore.ok()) {
    if (blobstore.status().code() == StatusCode::kWrongFormat) {
      co_return DeviceContent::kOtherBlobstore;
    }
    co_return blobstore.status();
  }
  const Result<StoreIdentity> identity = FindIdentity(**blobstore);
  if (identity.ok()) {
    co_return identity.value().metadata == MetadataPlace::kUnfinished
        ? DeviceContent::kUnfinishedStore
        : DeviceContent::kChunkStore;
  }
  if (identity.status().code() == StatusCode::kNotFound) co_return DeviceContent::kOtherBlobstore;
  co_return identity.status();
}

Task<Result<DeviceContent>> OpenAndProbe(Reactor& reactor, Device& device) {
  Result<std::unique_ptr<Channel>> channel = device.OpenChannel();
  if (!channel.ok()) co_return channel.status();
  ChannelPoller poller(std::move(channel).value());
  reactor.AddPoller(&poller);
  Result<DeviceContent> content = co_await ProbeDevice(poller.channel(), device.info());
  // Not from inside the channel's own Poll(), where the last read has brought us.
  Hop leave(reactor, [] {});
  co_await leave;
  reactor.RemovePoller(&poller);
  co_return content;
}

}  // namespace

Result<DeviceContent> Store::Probe(const DeviceSpec& spec) {
  DeviceSpec read_only = spec;
  read_only.read_only = true;
  Result<std::unique_ptr<Device>> device = OpenDevice(read_only);
  if (!device.ok()) return device.status();
  Result<std::shared_ptr<Runtime>> runtime = Runtime::Acquire(RuntimeOptions());
  if (!runtime.ok()) return runtime.status();
  Reactor& reactor = (*runtime)->reactor(0);
  return BlockOn(reactor, [&] { return OpenAndProbe(reactor, **device); });
}

}  // namespace ashlar
