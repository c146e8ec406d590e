// Natives of dev.ashlar.internal.Native: SPDK in this process.
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cpp/device/spdk_library.h"
#include "cpp/jni/jni_support.h"

namespace ashlar::jni {

namespace {

// Java counts its references itself and gives each back once.
std::mutex references_mutex;
std::vector<SpdkReference>& References() {
  static auto* references = new std::vector<SpdkReference>();
  return *references;
}

void SpdkLoad(JNIEnv* env, jclass /*native*/, jstring file) {
  const std::optional<std::string> native_file = ToNative(env, file);
  if (!native_file) return;
  const Status loaded = LoadSpdk(*native_file);
  if (!loaded.ok()) Throw(env, loaded);
}

void SpdkStart(JNIEnv* env, jclass /*native*/, jstring config, jstring core_mask, jint memory_mib,
               jboolean huge_pages, jstring huge_dir, jint interrupts) {
  std::optional<std::string> native_config = ToNative(env, config);
  if (!native_config) return;
  std::optional<std::string> native_mask = ToNative(env, core_mask);
  if (!native_mask) return;
  std::optional<std::string> native_dir = ToNative(env, huge_dir);
  if (!native_dir) return;
  SpdkOptions options;
  options.config = *std::move(native_config);
  options.core_mask = *std::move(native_mask);
  options.memory_mib = static_cast<uint32_t>(memory_mib);
  options.huge_pages = huge_pages != JNI_FALSE;
  options.huge_dir = *std::move(native_dir);
  if (interrupts >= 0) options.interrupts = interrupts != 0;
  Result<SpdkReference> started = SpdkReference::Start(options);
  if (!started.ok()) return Throw(env, started.status());
  std::lock_guard<std::mutex> lock(references_mutex);
  References().push_back(std::move(started).value());
}

void SpdkStop(JNIEnv* env, jclass /*native*/) {
  SpdkReference last;
  {
    std::lock_guard<std::mutex> lock(references_mutex);
    if (References().empty()) return Throw(env, Status::Closed("SPDK has not been started"));
    last = std::move(References().back());
    References().pop_back();
  }
}

jboolean SpdkRunning(JNIEnv* /*env*/, jclass /*native*/) {
  return IsSpdkRunning() ? JNI_TRUE : JNI_FALSE;
}

jobjectArray SpdkCall(JNIEnv* env, jclass /*native*/, jstring method, jstring params) {
  const std::optional<std::string> native_method = ToNative(env, method);
  if (!native_method) return nullptr;
  const std::optional<std::string> native_params = ToNative(env, params);
  if (!native_params) return nullptr;
  const Result<SpdkReply> reply = CallSpdk(*native_method, *native_params);
  if (!reply.ok()) {
    Throw(env, reply.status());
    return nullptr;
  }
  const SpdkReply& answer = reply.value();
  std::vector<std::string> texts{answer.text};
  if (answer.error_code != 0) texts.insert(texts.begin(), std::to_string(answer.error_code));
  return ToJava(env, texts);
}

}  // namespace

std::vector<JNINativeMethod> SpdkMethods() {
  return {
      Method("spdkLoad", "(Ljava/lang/String;)V", &SpdkLoad),
      Method("spdkStart", "(Ljava/lang/String;Ljava/lang/String;IZLjava/lang/String;I)V",
             &SpdkStart),
      Method("spdkStop", "()V", &SpdkStop),
      Method("spdkRunning", "()Z", &SpdkRunning),
      Method("spdkCall", "(Ljava/lang/String;Ljava/lang/String;)[Ljava/lang/String;", &SpdkCall),
  };
}

}  // namespace ashlar::jni
