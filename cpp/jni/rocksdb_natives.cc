// Natives of dev.ashlar.internal.Native: RocksDB on a BlobFS.
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cpp/jni/fs_handles.h"
#include "cpp/jni/jni_support.h"
#include "cpp/rocksdb/core/rocksdb_library.h"

namespace ashlar::jni {

namespace {

// What does not fit is a matter of how the program was put together.
void ThrowMisfit(JNIEnv* env, const Status& status) {
  Throw(env, Status::InvalidArgument(status.context()));
}

// The one that is loaded; never unloaded.
std::mutex plugin_mutex;
std::optional<rocks::Plugin> loaded_plugin;

jstring RocksDbStringAbi(JNIEnv* env, jclass /*native*/) {
  const Result<rocks::RocksDbLibrary> rocksdb = rocks::RocksDbLibrary::Find();
  if (rocksdb.ok()) return ToJava(env, rocks::StringAbiName(rocksdb.value().string_abi()));
  ThrowMisfit(env, rocksdb.status());
  return nullptr;
}

void RocksDbLoadPlugin(JNIEnv* env, jclass /*native*/, jstring file, jint major, jint minor,
                       jint patch) {
  const std::optional<std::string> native_file = ToNative(env, file);
  if (!native_file) return;
  const Result<rocks::RocksDbLibrary> rocksdb = rocks::RocksDbLibrary::Find();
  if (!rocksdb.ok()) return ThrowMisfit(env, rocksdb.status());
  std::lock_guard<std::mutex> lock(plugin_mutex);
  if (loaded_plugin) return;
  const Result<rocks::Plugin> plugin =
      rocks::Plugin::Load(rocksdb.value(), {major, minor, patch}, *native_file);
  if (!plugin.ok()) return ThrowMisfit(env, plugin.status());
  loaded_plugin = plugin.value();
}

jlong RocksDbNewEnv(JNIEnv* env, jclass /*native*/, jlong fs) {
  const std::shared_ptr<FsHandle> handle = FsOrThrow(env, fs);
  if (handle == nullptr) return 0;
  std::lock_guard<std::mutex> lock(plugin_mutex);
  if (loaded_plugin) return reinterpret_cast<jlong>(loaded_plugin->NewEnv(handle->mount));
  ThrowMisfit(env, Status::InvalidArgument("the RocksDB plug-in is not loaded"));
  return 0;
}

}  // namespace

std::vector<JNINativeMethod> RocksDbMethods() {
  return {
      Method("rocksDbStringAbi", "()Ljava/lang/String;", &RocksDbStringAbi),
      Method("rocksDbLoadPlugin", "(Ljava/lang/String;III)V", &RocksDbLoadPlugin),
      Method("rocksDbNewEnv", "(J)J", &RocksDbNewEnv),
  };
}

}  // namespace ashlar::jni
