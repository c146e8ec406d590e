#include "cpp/rocksdb/core/rocksdb_library.h"

#include <dlfcn.h>
#include <link.h>

#include <utility>

namespace ashlar::rocks {

namespace {

constexpr std::string_view kLibraryName = "librocksdbjni";

// std::string rocksdb::GetRocksVersionAsString(bool): the mangled name says which std::string.
constexpr const char* kGcc4Symbol = "_ZN7rocksdb23GetRocksVersionAsStringEb";
constexpr const char* kCxx11Symbol = "_ZN7rocksdb23GetRocksVersionAsStringB5cxx11Eb";

int CompareName(dl_phdr_info* info, size_t /*size*/, void* found) {
  const std::string_view path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (!name.starts_with(kLibraryName)) return 0;
  *static_cast<std::string*>(found) = path;
  return 1;
}

std::string DlError() {
  const char* text = dlerror();
  return text == nullptr ? "unknown error" : text;
}

}  // namespace

std::string RocksDbVersion::ToString() const {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string_view StringAbiName(StringAbi abi) { return abi == StringAbi::kGcc4 ? "gcc4" : "cxx11"; }

Result<RocksDbLibrary> RocksDbLibrary::Find() {
  std::string path;
  dl_iterate_phdr(&CompareName, &path);
  if (path.empty()) {
    return Status::NotFound("RocksDB's native library (" + std::string(kLibraryName) +
                            "...so) is not loaded");
  }
  // By the name under which it is loaded: the file itself may be gone. The handle is never closed,
  // so neither is the library ever unloaded below the plug-in.
  void* handle = dlopen(path.c_str(), RTLD_NOLOAD | RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) {
    return Status::NotSupported("cannot share the symbols of " + path + ": " + DlError());
  }
  if (dlsym(handle, kCxx11Symbol) != nullptr) return RocksDbLibrary(path, StringAbi::kCxx11);
  if (dlsym(handle, kGcc4Symbol) != nullptr) return RocksDbLibrary(path, StringAbi::kGcc4);
  return Status::NotSupported(path + " does not export the C++ symbols of RocksDB");
}

Result<Plugin> Plugin::Load(const RocksDbLibrary& rocksdb, const RocksDbVersion& version,
                            const std::string& file) {
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return Status::NotSupported("the plug-in " + file + " does not fit RocksDB " +
                                version.ToString() + " with the " +
                                std::string(StringAbiName(rocksdb.string_abi())) +
                                " std::string in " + rocksdb.path() + ": " + DlError());
  }
  const auto facts_function =
      reinterpret_cast<PluginFactsFunction>(dlsym(handle, kPluginFactsSymbol));
  const auto new_env = reinterpret_cast<PluginNewEnvFunction>(dlsym(handle, kPluginNewEnvSymbol));
  if (facts_function == nullptr || new_env == nullptr) {
    dlclose(handle);
    return Status::NotSupported(file + " is no RocksDB plug-in of Ashlar");
  }
  const PluginFacts facts = *facts_function();
  const RocksDbVersion built_for = {facts.rocksdb_major, facts.rocksdb_minor, facts.rocksdb_patch};
  if (facts.api_version != kPluginApiVersion) {
    dlclose(handle);
    return Status::NotSupported("the plug-in " + file + " has interface version " +
                                std::to_string(facts.api_version) + ", must be " +
                                std::to_string(kPluginApiVersion));
  }
  if (built_for != version) {
    dlclose(handle);
    return Status::NotSupported("the plug-in " + file + " was built for RocksDB " +
                                built_for.ToString() + ", but RocksDB " + version.ToString() +
                                " is loaded from " + rocksdb.path());
  }
  return Plugin(new_env);
}

}  // namespace ashlar::rocks
