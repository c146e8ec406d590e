// Registers the natives when the library is loaded.
#include <jni.h>

#include <vector>

#include "cpp/jni/jni_support.h"

namespace {

bool RegisterAll(JNIEnv* env) {
  using namespace ashlar::jni;
  if (!InitSupport(env)) return false;
  std::vector<JNINativeMethod> methods;
  for (const std::vector<JNINativeMethod>& table :
       {RuntimeMethods(), MemoryMethods(), StoreMethods(), SpaceMethods(), InlineMethods(),
        FsMethods(), FileMethods(), RocksDbMethods(), MountMethods(), SpdkMethods()}) {
    methods.insert(methods.end(), table.begin(), table.end());
  }
  return Register(env, "dev/ashlar/internal/Native", methods) && RegisterTestingNatives(env);
}

}  // namespace

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void* /*reserved*/) {
  void* env = nullptr;
  if (vm->GetEnv(&env, JNI_VERSION_10) != JNI_OK) return JNI_ERR;
  return RegisterAll(static_cast<JNIEnv*>(env)) ? JNI_VERSION_10 : JNI_ERR;
}
