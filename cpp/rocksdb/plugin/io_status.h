// From failures of the core to RocksDB's IOStatus.
#pragma once

#include <string>

#include "cpp/rocksdb/plugin_api.h"
#include "rocksdb/io_status.h"

namespace ashlar::rocks {

// Of an error whose code is not 0.
rocksdb::IOStatus ToFailure(const char* what, const std::string& path, const Error& error);

// OK for an error whose code is 0. `what` says what was tried: "While opening a file for reading".
inline rocksdb::IOStatus ToIoStatus(const char* what, const std::string& path, const Error& error) {
  return error.code == 0 ? rocksdb::IOStatus::OK() : ToFailure(what, path, error);
}

inline Text ToText(const std::string& text) { return {text.data(), text.size()}; }

}  // namespace ashlar::rocks
