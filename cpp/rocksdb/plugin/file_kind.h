// Which files of RocksDB are synced often, told by their names.
#pragma once

#include <string_view>

#include "cpp/rocksdb/plugin_api.h"

namespace ashlar::rocks {

// kLog for a write-ahead log (000123.log) and a manifest (MANIFEST-000005), else kData.
FileKind KindOf(std::string_view path);

}  // namespace ashlar::rocks
