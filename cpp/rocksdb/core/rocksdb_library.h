// RocksDB as this process has loaded it, and the plug-in that belongs to it.
//
// RocksDB is brought by someone else (rocksdbjni extracts its library from its jar) and keeps its
// symbols to itself. The plug-in needs them, so the library, found by its name among the loaded
// ones, is opened once more with its symbols made global; then the plug-in is opened, and the
// dynamic linker resolves its rocksdb:: symbols there. librocksdb is never linked: two copies of
// RocksDB in one process ruin each other.
//
// A plug-in fits one version of RocksDB and one std::string, so there is a file for each pair:
// libashlar_rocksdb-7.8.3-gcc4.so.
//
// Threads: any, one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ashlar/status.h"
#include "cpp/rocksdb/core/mount.h"

namespace ashlar::rocks {

struct RocksDbVersion {
  int32_t major = 0;
  int32_t minor = 0;
  int32_t patch = 0;
  bool operator==(const RocksDbVersion&) const = default;
  std::string ToString() const;
};

// The two layouts of std::string that libstdc++ has, by the names that its configuration gives
// them.
enum class StringAbi : uint8_t {
  kGcc4,
  kCxx11,
};
std::string_view StringAbiName(StringAbi abi);  // "gcc4", "cxx11"

class RocksDbLibrary {
 public:
  // NotFound: no loaded object has a file name that begins with "librocksdbjni". NotSupported: it
  // exports no RocksDB to derive from.
  static Result<RocksDbLibrary> Find();

  const std::string& path() const { return path_; }
  StringAbi string_abi() const { return string_abi_; }

 private:
  RocksDbLibrary(std::string path, StringAbi abi) : path_(std::move(path)), string_abi_(abi) {}

  std::string path_;
  StringAbi string_abi_;
};

class Plugin {
 public:
  // Opens the plug-in in `file` for the RocksDB that has been found and is of version `version`.
  // NotSupported, naming both sides: it is for another version, another std::string or another
  // release of Ashlar. It stays loaded for ever.
  static Result<Plugin> Load(const RocksDbLibrary& rocksdb, const RocksDbVersion& version,
                             const std::string& file);

  // A rocksdb::Env* over the mount; valid for ever.
  void* NewEnv(Mount* mount) const { return new_env_(&Core(), mount); }

 private:
  explicit Plugin(PluginNewEnvFunction new_env) : new_env_(new_env) {}
  PluginNewEnvFunction new_env_;
};

}  // namespace ashlar::rocks
