// Natives of dev.ashlar.internal.Native: BlobFSs of this process as folders of the host.
#include <dlfcn.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cpp/fuse/mount_api.h"
#include "cpp/fuse/tree/tree.h"
#include "cpp/jni/fs_handles.h"
#include "cpp/jni/jni_support.h"

namespace ashlar::jni {

namespace {

// Never unloaded.
std::atomic<const MountApi*> mount_api{nullptr};

struct MountHandle {
  explicit MountHandle(std::shared_ptr<BlobFs> files) : fs(std::move(files)), tree(*fs) {}

  const std::shared_ptr<BlobFs> fs;
  Tree tree;
  std::unique_ptr<ServedMount> mount;
};

HandleTable<MountHandle>& MountHandles() {
  static auto* handles = new HandleTable<MountHandle>();
  return *handles;
}

std::shared_ptr<MountHandle> MountOrThrow(JNIEnv* env, jlong number) {
  std::shared_ptr<MountHandle> handle = MountHandles().Find(number);
  if (handle == nullptr) Throw(env, Status::Closed("the mount has ended"));
  return handle;
}

Result<const MountApi*> Load(const std::string& file) {
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return Status::NotSupported(std::string("mounting needs libfuse3: ") +
                                (why == nullptr ? file.c_str() : why));
  }
  const auto function = reinterpret_cast<MountApiFunction>(dlsym(library, kMountApiSymbol));
  const MountApi* api = function == nullptr ? nullptr : function();
  if (api == nullptr || api->version != kMountApiVersion) {
    dlclose(library);
    return Status::NotSupported(file + " is of another version of Ashlar");
  }
  return api;
}

void MountLoad(JNIEnv* env, jclass /*native*/, jstring file) {
  const std::optional<std::string> native_file = ToNative(env, file);
  if (!native_file) return;
  const Result<const MountApi*> api = Load(*native_file);
  if (!api.ok()) return Throw(env, api.status());
  mount_api.store(api.value());
}

jlong MountStart(JNIEnv* env, jclass /*native*/, jlong fs, jstring folder, jstring source,
                 jboolean read_only) {
  const std::shared_ptr<FsHandle> files = FsOrThrow(env, fs);
  if (files == nullptr) return 0;
  std::optional<std::string> native_folder = ToNative(env, folder);
  if (!native_folder) return 0;
  std::optional<std::string> native_source = ToNative(env, source);
  if (!native_source) return 0;
  const MountApi* const api = mount_api.load();
  if (api == nullptr) {
    Throw(env, Status::NotSupported("the library of mounts is not loaded"));
    return 0;
  }
  const auto handle = std::make_shared<MountHandle>(files->fs);
  Result<std::unique_ptr<ServedMount>> mount =
      api->start(handle->tree, {.folder = *std::move(native_folder),
                                .source = *std::move(native_source),
                                .read_only = read_only != JNI_FALSE});
  if (!mount.ok()) {
    Throw(env, mount.status());
    return 0;
  }
  handle->mount = std::move(mount).value();
  return MountHandles().Add(handle);
}

void MountServe(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<MountHandle> handle = MountOrThrow(env, number);
  if (handle == nullptr) return;
  const Status served = handle->mount->Serve();
  MountHandles().Remove(number);
  if (!served.ok()) Throw(env, served);
}

void MountUnmount(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<MountHandle> handle = MountHandles().Find(number);
  if (handle == nullptr) return;
  const Status unmounted = handle->mount->Unmount();
  if (!unmounted.ok()) Throw(env, unmounted);
}

void MountDetach(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<MountHandle> handle = MountHandles().Find(number);
  if (handle == nullptr) return;
  const Status detached = handle->mount->Detach();
  if (!detached.ok()) Throw(env, detached);
}

}  // namespace

std::vector<JNINativeMethod> MountMethods() {
  return {
      Method("mountLoad", "(Ljava/lang/String;)V", &MountLoad),
      Method("mountStart", "(JLjava/lang/String;Ljava/lang/String;Z)J", &MountStart),
      Method("mountServe", "(J)V", &MountServe),
      Method("mountUnmount", "(J)V", &MountUnmount),
      Method("mountDetach", "(J)V", &MountDetach),
  };
}

}  // namespace ashlar::jni
