// Natives of dev.ashlar.internal.Native: page-aligned memory for the caller's data.
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <unordered_set>

#include "cpp/base/units.h"
#include "cpp/jni/jni_support.h"

namespace ashlar::jni {

namespace {

// What Java has not freed yet: freeing twice, or a foreign address, does nothing.
std::mutex allocated_mutex;
std::unordered_set<void*>& Allocated() {
  static auto* allocated = new std::unordered_set<void*>();
  return *allocated;
}

jlong Address(JNIEnv* env, jclass /*native*/, jobject direct) {
  return direct == nullptr ? 0 : reinterpret_cast<jlong>(env->GetDirectBufferAddress(direct));
}

void FreeMemory(JNIEnv* /*env*/, jclass /*native*/, jlong address) {
  auto* memory = reinterpret_cast<void*>(address);
  {
    std::lock_guard<std::mutex> lock(allocated_mutex);
    if (Allocated().erase(memory) == 0) return;
  }
  std::free(memory);
}

jobject Allocate(JNIEnv* env, jclass native, jlong bytes) {
  if (bytes <= 0 || bytes > std::numeric_limits<jint>::max()) return nullptr;
  const size_t size = RoundUp(static_cast<uint64_t>(bytes), kPageBytes);
  void* memory = std::aligned_alloc(kPageBytes, size);
  if (memory == nullptr) return nullptr;
  std::memset(memory, 0, size);
  {
    std::lock_guard<std::mutex> lock(allocated_mutex);
    Allocated().insert(memory);
  }
  jobject buffer = env->NewDirectByteBuffer(memory, bytes);
  if (buffer == nullptr) FreeMemory(env, native, reinterpret_cast<jlong>(memory));
  return buffer;
}

}  // namespace

std::vector<JNINativeMethod> MemoryMethods() {
  return {
      Method("address", "(Ljava/nio/ByteBuffer;)J", &Address),
      Method("allocate", "(J)Ljava/nio/ByteBuffer;", &Allocate),
      Method("free", "(J)V", &FreeMemory),
  };
}

}  // namespace ashlar::jni
