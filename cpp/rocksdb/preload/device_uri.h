// How a device is named on the command line of RocksDB's tools:
//
//   ashlar:///dev/nvme0n1             a block device, or a file, that holds a BlobFS
//   ashlar://disk.img?create=4G       a new file of that size, formatted; it must not exist
//   ashlar://memory?size=4G           memory, formatted; gone when the tool ends
//   ashlar:///data/disk.img?readonly  looks only
//
// Sizes take K, M, G or T (powers of 1024).
#pragma once

#include <string_view>

#include "ashlar/status.h"
#include "cpp/blobfs/blobfs.h"

namespace ashlar::rocks {

inline constexpr std::string_view kUriScheme = "ashlar://";

struct DeviceUri {
  BlobFsDevice device;
  BlobFsOptions options;
};

// InvalidArgument, naming what is wrong.
Result<DeviceUri> ParseDeviceUri(std::string_view uri);

}  // namespace ashlar::rocks
