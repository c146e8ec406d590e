// Natives of dev.ashlar.internal.Native: opening, describing and closing stores.
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "ashlar/store.h"
#include "cpp/jni/device_arguments.h"
#include "cpp/jni/fs_handles.h"
#include "cpp/jni/handles.h"
#include "cpp/jni/jni_support.h"

namespace ashlar::jni {

std::shared_ptr<Store> StoreOrThrow(JNIEnv* env, jlong number) {
  std::shared_ptr<Store> store = Store::Find(static_cast<uint64_t>(number));
  if (store == nullptr) Throw(env, Status::Closed("the store has been closed"));
  return store;
}

namespace {

Status ReadStoreId(JNIEnv* env, jbyteArray id, StoreId* into) {
  if (id == nullptr || env->GetArrayLength(id) != static_cast<jsize>(into->bytes.size())) {
    return Status::InvalidArgument("the store id is not 16 bytes");
  }
  env->GetByteArrayRegion(id, 0, static_cast<jsize>(into->bytes.size()),
                          reinterpret_cast<jbyte*>(into->bytes.data()));
  return Status::Ok();
}

jlong StoreOpen(JNIEnv* env, jclass /*native*/, jlong runtime_handle, jint kind, jstring path,
                jlong size_bytes, jint flags, jint sector_bytes, jint cluster_bytes,
                jbyteArray store_id) {
  const std::shared_ptr<StoreRuntime> runtime = RuntimeOrThrow(env, runtime_handle);
  if (runtime == nullptr) return 0;
  std::optional<DeviceSpec> device = ToDeviceSpec(env, kind, path, size_bytes, flags, sector_bytes);
  if (!device) return 0;
  StoreOpenOptions options;
  options.device = *std::move(device);
  options.format = (flags & kOpenFormat) != 0;
  options.metadata_on_device = (flags & kOpenMetadataOnDevice) != 0;
  options.format_options.cluster_bytes = static_cast<uint32_t>(cluster_bytes);
  Status status = options.format ? ReadStoreId(env, store_id, &options.id) : Status::Ok();
  if (status.ok()) {
    const Result<std::shared_ptr<Store>> store = Store::Open(runtime, options);
    if (store.ok()) return static_cast<jlong>(store.value()->number());
    status = store.status();
  }
  Throw(env, status);
  return 0;
}

jint DeviceProbe(JNIEnv* env, jclass /*native*/, jint kind, jstring path) {
  const std::optional<DeviceSpec> device = ToDeviceSpec(env, kind, path, 0, 0, 0);
  if (!device) return 0;
  const Result<DeviceContent> content = Store::Probe(*device);
  if (content.ok()) return static_cast<jint>(content.value());
  Throw(env, content.status());
  return 0;
}

// In the order of StoreNumbers on the Java side.
void GetStoreNumbers(JNIEnv* env, jclass /*native*/, jlong number, jlongArray into) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  if (store == nullptr) return;
  const StoreNumbers numbers = store->Numbers();
  const uint64_t values[] = {
      numbers.device.size_bytes,
      numbers.device.sector_bytes,
      numbers.device.direct_io,
      numbers.inline_read,
      numbers.device.volatile_cache,
      numbers.cluster_bytes,
      numbers.clusters,
      numbers.free_clusters,
      numbers.private_blobs,
      numbers.private_pages,
      numbers.used_pages,
      numbers.counters.reads,
      numbers.counters.writes,
      numbers.counters.flushes,
      numbers.counters.bytes_read,
      numbers.counters.bytes_written,
      numbers.buffer_bytes,
      numbers.was_clean,
      numbers.internal_errors,
      numbers.reserve_clusters,
      numbers.driven_reads,
  };
  env->SetLongArrayRegion(into, 0, static_cast<jsize>(std::size(values)),
                          reinterpret_cast<const jlong*>(values));
}

jstring StoreBackend(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  return store == nullptr ? nullptr : ToJava(env, store->Numbers().device.backend);
}

jbyteArray GetStoreId(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  if (store == nullptr) return nullptr;
  const StoreId id = store->id();
  jbyteArray array = env->NewByteArray(static_cast<jsize>(id.bytes.size()));
  if (array == nullptr) return nullptr;
  env->SetByteArrayRegion(array, 0, static_cast<jsize>(id.bytes.size()),
                          reinterpret_cast<const jbyte*>(id.bytes.data()));
  return array;
}

jobjectArray StoreDamage(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  return store == nullptr ? nullptr : ToJava(env, store->Damage());
}

jlong StoreGeneration(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  if (store == nullptr) return 0;
  const Result<uint64_t> generation = store->Generation();
  if (generation.ok()) return static_cast<jlong>(generation.value());
  Throw(env, generation.status());
  return 0;
}

// Calls a member of the store that returns a Status.
template <typename Call>
void CallStore(JNIEnv* env, jlong number, Call call) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  if (store == nullptr) return;
  const Status status = call(*store);
  if (!status.ok()) Throw(env, status);
}

void StoreSetGeneration(JNIEnv* env, jclass /*native*/, jlong number, jlong generation) {
  CallStore(env, number, [generation](Store& store) {
    return store.SetGeneration(static_cast<uint64_t>(generation));
  });
}

jint StoreMetadataPlace(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  return store == nullptr ? 0 : static_cast<jint>(store->metadata_place());
}

void StoreFinishFormat(JNIEnv* env, jclass /*native*/, jlong number) {
  CallStore(env, number, [](Store& store) { return store.FinishFormat(); });
}

jlong StoreMountFiles(JNIEnv* env, jclass /*native*/, jlong number, jlong buffer_bytes) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  if (store == nullptr) return 0;
  const Result<std::shared_ptr<BlobFs>> files =
      store->MountFiles(static_cast<uint64_t>(buffer_bytes));
  if (files.ok()) return AddFs(files.value());
  Throw(env, files.status());
  return 0;
}

jboolean StoreIsMetadataSpaceLow(JNIEnv* /*env*/, jclass /*native*/, jlong number) {
  return Store::IsMetadataSpaceLow(static_cast<uint64_t>(number)) ? JNI_TRUE : JNI_FALSE;
}

void StoreStart(JNIEnv* env, jclass /*native*/, jlong number) {
  CallStore(env, number, [](Store& store) { return store.Start(); });
}

void StoreQuiesce(JNIEnv* env, jclass /*native*/, jlong number) {
  CallStore(env, number, [](Store& store) { return store.Quiesce(); });
}

void StoreClose(JNIEnv* env, jclass /*native*/, jlong number, jboolean clean) {
  CallStore(env, number, [clean](Store& store) { return store.Close(clean != JNI_FALSE); });
}

}  // namespace

std::vector<JNINativeMethod> StoreMethods() {
  return {
      Method("storeOpen", "(JILjava/lang/String;JIII[B)J", &StoreOpen),
      Method("deviceProbe", "(ILjava/lang/String;)I", &DeviceProbe),
      Method("storeNumbers", "(J[J)V", &GetStoreNumbers),
      Method("storeBackend", "(J)Ljava/lang/String;", &StoreBackend),
      Method("storeId", "(J)[B", &GetStoreId),
      Method("storeDamage", "(J)[Ljava/lang/String;", &StoreDamage),
      Method("storeGeneration", "(J)J", &StoreGeneration),
      Method("storeSetGeneration", "(JJ)V", &StoreSetGeneration),
      Method("storeMetadataPlace", "(J)I", &StoreMetadataPlace),
      Method("storeFinishFormat", "(J)V", &StoreFinishFormat),
      Method("storeMountFiles", "(JJ)J", &StoreMountFiles),
      Method("storeIsMetadataSpaceLow", "(J)Z", &StoreIsMetadataSpaceLow),
      Method("storeStart", "(J)V", &StoreStart),
      Method("storeQuiesce", "(J)V", &StoreQuiesce),
      Method("storeClose", "(JZ)V", &StoreClose),
  };
}

}  // namespace ashlar::jni
