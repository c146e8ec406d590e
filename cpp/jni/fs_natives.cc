// Natives of dev.ashlar.internal.Native: opening and closing a BlobFS, and its names.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cpp/blobfs/blobfs.h"
#include "cpp/chunk/device_source.h"
#include "cpp/jni/device_arguments.h"
#include "cpp/jni/fs_handles.h"
#include "cpp/jni/jni_support.h"

namespace ashlar::jni {

HandleTable<FsHandle>& FsHandles() {
  static auto* handles = new HandleTable<FsHandle>();
  return *handles;
}

jlong AddFs(std::shared_ptr<BlobFs> fs) {
  rocks::Mount* mount = rocks::Mount::Create(fs);
  return FsHandles().Add(std::make_shared<FsHandle>(FsHandle{std::move(fs), mount}));
}

std::shared_ptr<FsHandle> FsOrThrow(JNIEnv* env, jlong number) {
  std::shared_ptr<FsHandle> handle = FsHandles().Find(number);
  if (handle == nullptr) Throw(env, Status::Closed("the BlobFS has been closed"));
  return handle;
}

namespace {

Result<std::unique_ptr<BlobFs>> OpenFs(const BlobFsDevice& device, const BlobFsOptions& options) {
  if (device.device.kind != DeviceKind::kCrash) return BlobFs::Open(device, options);
  Result<std::unique_ptr<Device>> crash = OpenStoreDevice(device.device);
  if (!crash.ok()) return crash.status();
  return BlobFs::OpenOn(std::move(crash).value(), device, options);
}

jlong FsOpen(JNIEnv* env, jclass /*native*/, jint kind, jstring path, jlong size_bytes, jint flags,
             jint sector_bytes, jint cluster_bytes, jint reactors, jint idle_policy,
             jlong spin_nanos, jlong buffer_bytes) {
  std::optional<DeviceSpec> spec = ToDeviceSpec(env, kind, path, size_bytes, flags, sector_bytes);
  if (!spec) return 0;
  BlobFsDevice device;
  device.device = *std::move(spec);
  device.format = (flags & kOpenFormat) != 0;
  device.format_options.cluster_bytes = static_cast<uint32_t>(cluster_bytes);
  device.runtime.reactors = static_cast<uint32_t>(reactors);
  device.runtime.idle_policy = static_cast<IdlePolicy>(idle_policy);
  device.runtime.spin_ns = static_cast<uint64_t>(spin_nanos);
  BlobFsOptions options;
  options.read_only = device.device.read_only;
  options.write_beside_chunk_store = (flags & kOpenBesideStore) != 0;
  options.flush_writes_tail = (flags & kOpenFlushWritesTail) != 0;
  options.buffer_bytes = static_cast<uint64_t>(buffer_bytes);
  Result<std::unique_ptr<BlobFs>> opened = OpenFs(device, options);
  if (!opened.ok()) {
    Throw(env, opened.status());
    return 0;
  }
  return AddFs(std::move(opened).value());
}

void FsClose(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<FsHandle> handle = FsOrThrow(env, number);
  if (handle == nullptr) return;
  Status status = handle->mount->Unmount();
  if (status.ok()) {
    FsHandles().Remove(number);
    status = handle->fs->Close();
  }
  if (!status.ok()) ThrowAboutFile(env, status);
}

jobjectArray FsList(JNIEnv* env, jclass /*native*/, jlong number, jstring prefix) {
  const std::shared_ptr<FsHandle> handle = FsOrThrow(env, number);
  if (handle == nullptr) return nullptr;
  const std::optional<std::string> native_prefix = ToNative(env, prefix);
  return native_prefix ? ToJava(env, handle->fs->List(*native_prefix)) : nullptr;
}

// In the order of BlobFs.stat on the Java side.
jlongArray FsStat(JNIEnv* env, jclass /*native*/, jlong number, jstring name) {
  const std::shared_ptr<FsHandle> handle = FsOrThrow(env, number);
  if (handle == nullptr) return nullptr;
  const std::optional<std::string> native_name = ToNative(env, name);
  if (!native_name) return nullptr;
  const Result<FileStat> stat = handle->fs->Stat(*native_name);
  if (!stat.ok()) {
    ThrowAboutFile(env, stat.status());
    return nullptr;
  }
  const uint64_t values[] = {stat.value().size_bytes, stat.value().allocated_bytes,
                             stat.value().mtime_us, stat.value().kind == FileKind::kLog};
  return ToJava(env, std::span<const uint64_t>(values));
}

jboolean FsExists(JNIEnv* env, jclass /*native*/, jlong number, jstring name) {
  const std::shared_ptr<FsHandle> handle = FsOrThrow(env, number);
  if (handle == nullptr) return JNI_FALSE;
  const std::optional<std::string> native_name = ToNative(env, name);
  return native_name && handle->fs->Exists(*native_name) ? JNI_TRUE : JNI_FALSE;
}

void FsRename(JNIEnv* env, jclass /*native*/, jlong number, jstring from, jstring to) {
  const std::shared_ptr<FsHandle> handle = FsOrThrow(env, number);
  if (handle == nullptr) return;
  const std::optional<std::string> native_from = ToNative(env, from);
  if (!native_from) return;
  const std::optional<std::string> native_to = ToNative(env, to);
  if (!native_to) return;
  const Status status = handle->fs->Rename(*native_from, *native_to);
  if (!status.ok()) ThrowAboutFile(env, status);
}

void FsDelete(JNIEnv* env, jclass /*native*/, jlong number, jstring name) {
  const std::shared_ptr<FsHandle> handle = FsOrThrow(env, number);
  if (handle == nullptr) return;
  const std::optional<std::string> native_name = ToNative(env, name);
  if (!native_name) return;
  const Status status = handle->fs->Delete(*native_name);
  if (!status.ok()) ThrowAboutFile(env, status);
}

// In the order of BlobFs.stats on the Java side.
jlongArray FsNumbers(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<FsHandle> handle = FsOrThrow(env, number);
  if (handle == nullptr) return nullptr;
  const Result<FsSpace> space = handle->fs->Space();
  if (!space.ok()) {
    Throw(env, space.status());
    return nullptr;
  }
  const DeviceCounters counters = handle->fs->counters();
  const BlobFsReport& report = handle->fs->report();
  const uint64_t values[] = {
      space.value().total_bytes, space.value().free_bytes,   space.value().cluster_bytes,
      space.value().files,       space.value().buffer_bytes, counters.reads,
      counters.writes,           counters.flushes,           counters.bytes_read,
      counters.bytes_written,    report.read_only,           report.has_chunk_store,
      space.value().free_files};
  return ToJava(env, std::span<const uint64_t>(values));
}

jobjectArray FsDamage(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<FsHandle> handle = FsOrThrow(env, number);
  return handle == nullptr ? nullptr : ToJava(env, handle->fs->report().damage);
}

}  // namespace

std::vector<JNINativeMethod> FsMethods() {
  return {
      Method("fsOpen", "(ILjava/lang/String;JIIIIIJJ)J", &FsOpen),
      Method("fsClose", "(J)V", &FsClose),
      Method("fsList", "(JLjava/lang/String;)[Ljava/lang/String;", &FsList),
      Method("fsStat", "(JLjava/lang/String;)[J", &FsStat),
      Method("fsExists", "(JLjava/lang/String;)Z", &FsExists),
      Method("fsRename", "(JLjava/lang/String;Ljava/lang/String;)V", &FsRename),
      Method("fsDelete", "(JLjava/lang/String;)V", &FsDelete),
      Method("fsNumbers", "(J)[J", &FsNumbers),
      Method("fsDamage", "(J)[Ljava/lang/String;", &FsDamage),
  };
}

}  // namespace ashlar::jni
