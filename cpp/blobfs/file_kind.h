// Which files of a RocksDB database are synced again and again, told by their names.
#pragma once

#include <string_view>

#include "cpp/blobfs/file.h"

namespace ashlar {

// kLog for a write-ahead log (000123.log) and a manifest (MANIFEST-000005), in whatever folder;
// else kData.
FileKind KindOf(std::string_view name);

}  // namespace ashlar
