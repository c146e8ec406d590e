// What the plug-in exports.
#include <memory>
#include <type_traits>

#include "cpp/rocksdb/plugin/blobfs_file_system.h"
#include "cpp/rocksdb/plugin_api.h"
#include "rocksdb/env.h"
#include "rocksdb/version.h"

using ashlar::rocks::BlobFsFileSystem;
using ashlar::rocks::CoreApi;
using ashlar::rocks::kPluginApiVersion;
using ashlar::rocks::Mount;
using ashlar::rocks::PluginFacts;

extern "C" {

__attribute__((visibility("default"))) const PluginFacts* ashlar_rocksdb_plugin_facts() {
  static constexpr PluginFacts kFacts = {kPluginApiVersion, ROCKSDB_MAJOR, ROCKSDB_MINOR,
                                         ROCKSDB_PATCH};
  return &kFacts;
}

__attribute__((visibility("default"))) void* ashlar_rocksdb_plugin_new_env(const CoreApi* core,
                                                                           Mount* mount) {
  const auto file_system = std::make_shared<BlobFsFileSystem>(*core, mount);
  return rocksdb::NewCompositeEnv(file_system).release();
}

}  // extern "C"

// As the core calls them.
static_assert(
    std::is_same_v<decltype(&ashlar_rocksdb_plugin_facts), ashlar::rocks::PluginFactsFunction>);
static_assert(
    std::is_same_v<decltype(&ashlar_rocksdb_plugin_new_env), ashlar::rocks::PluginNewEnvFunction>);
