// Natives of dev.ashlar.internal.Native: recovery and saving of the bitmaps.
#include <cstdint>
#include <memory>
#include <vector>

#include "ashlar/store.h"
#include "cpp/jni/handles.h"
#include "cpp/jni/jni_support.h"

namespace ashlar::jni {

namespace {

jlongArray SpaceBlobs(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  if (store == nullptr) return nullptr;
  const Result<std::vector<SpaceBlob>> blobs = store->SpaceBlobs();
  if (!blobs.ok()) {
    Throw(env, blobs.status());
    return nullptr;
  }
  std::vector<uint64_t> values;
  for (const SpaceBlob& blob : blobs.value()) {
    values.push_back(blob.root);
    values.push_back(blob.pages);
  }
  return ToJava(env, std::span<const uint64_t>(values));
}

jlong SpaceMarkUsed(JNIEnv* env, jclass /*native*/, jlong number, jlongArray runs, jint run_count) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  if (store == nullptr) return 0;
  if (run_count < 0) {
    Throw(env, Status::InvalidArgument("runCount is negative"));
    return 0;
  }
  static_assert(sizeof(SpaceRun) == 2 * sizeof(jlong));
  std::vector<SpaceRun> native_runs(static_cast<size_t>(run_count));
  env->GetLongArrayRegion(runs, 0, 2 * run_count, reinterpret_cast<jlong*>(native_runs.data()));
  if (env->ExceptionCheck()) return 0;
  std::vector<BadRun> bad;
  const Status status = store->MarkUsed(native_runs, &bad);
  if (!status.ok()) {
    Throw(env, status);
    return 0;
  }
  if (bad.empty()) return -1;
  return static_cast<jlong>(bad[0].index * 4 + static_cast<uint64_t>(bad[0].fault));
}

void SpaceLoadBitmap(JNIEnv* env, jclass /*native*/, jlong number, jint blob, jlongArray words) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  if (store == nullptr) return;
  const jsize count = env->GetArrayLength(words);
  std::vector<uint64_t> native_words(static_cast<size_t>(count));
  env->GetLongArrayRegion(words, 0, count, reinterpret_cast<jlong*>(native_words.data()));
  if (env->ExceptionCheck()) return;
  const Status status = store->LoadBitmap(static_cast<uint32_t>(blob), native_words);
  if (!status.ok()) Throw(env, status);
}

jlongArray SpaceBitmap(JNIEnv* env, jclass /*native*/, jlong number, jint blob) {
  const std::shared_ptr<Store> store = StoreOrThrow(env, number);
  if (store == nullptr) return nullptr;
  const Result<std::vector<uint64_t>> words = store->Bitmap(static_cast<uint32_t>(blob));
  if (words.ok()) return ToJava(env, std::span<const uint64_t>(words.value()));
  Throw(env, words.status());
  return nullptr;
}

}  // namespace

std::vector<JNINativeMethod> SpaceMethods() {
  return {
      Method("spaceBlobs", "(J)[J", &SpaceBlobs),
      Method("spaceMarkUsed", "(J[JI)J", &SpaceMarkUsed),
      Method("spaceLoadBitmap", "(JI[J)V", &SpaceLoadBitmap),
      Method("spaceBitmap", "(JI)[J", &SpaceBitmap),
  };
}

}  // namespace ashlar::jni
