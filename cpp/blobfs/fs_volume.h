// A device that is open for files alone: the runtime, the channels and the blobstore of one BlobFs.
//
// Any thread but a reactor's, one at a time.
#pragma once

#include <memory>
#include <vector>

#include "cpp/blobfs/blobfs.h"
#include "cpp/blobstore/blobstore.h"
#include "cpp/device/device.h"
#include "cpp/runtime/channel_poller.h"
#include "cpp/runtime/runtime.h"

namespace ashlar {

class FsVolume {
 public:
  static Result<std::unique_ptr<FsVolume>> Open(std::unique_ptr<Device> device,
                                                const BlobFsDevice& spec, bool read_only);
  // Without Close: as after a crash.
  ~FsVolume();
  FsVolume(const FsVolume&) = delete;
  FsVolume& operator=(const FsVolume&) = delete;

  BlobFsParts parts();

  // Marks the blobstore clean.
  Status Close();

 private:
  FsVolume(std::shared_ptr<Runtime> runtime, std::unique_ptr<Device> device);
  Status OpenChannels();
  Status OpenBlobstore(const BlobFsDevice& spec, bool read_only);

  const std::shared_ptr<Runtime> runtime_;
  const std::unique_ptr<Device> device_;
  std::vector<std::unique_ptr<ChannelPoller>> channels_;  // one for each reactor
  std::unique_ptr<Blobstore> blobstore_;
};

}  // namespace ashlar
