// Natives of dev.ashlar.internal.Native: page-aligned memory for the caller's data, and memory that
// devices are opened on.
#include <cstring>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "cpp/base/page_memory.h"
#include "cpp/base/units.h"
#include "cpp/device/named_memory.h"
#include "cpp/jni/jni_support.h"

namespace ashlar::jni {

namespace {

// What Java has not freed yet: freeing twice, or a foreign address, does nothing.
std::mutex allocated_mutex;
std::unordered_map<void*, PageMemory>& Allocated() {
  static auto* allocated = new std::unordered_map<void*, PageMemory>();
  return *allocated;
}

jlong Address(JNIEnv* env, jclass /*native*/, jobject direct) {
  return direct == nullptr ? 0 : reinterpret_cast<jlong>(env->GetDirectBufferAddress(direct));
}

void FreeMemory(JNIEnv* /*env*/, jclass /*native*/, jlong address) {
  PageMemory memory;
  {
    std::lock_guard<std::mutex> lock(allocated_mutex);
    const auto found = Allocated().find(reinterpret_cast<void*>(address));
    if (found == Allocated().end()) return;
    memory = found->second;
    Allocated().erase(found);
  }
  memory.free(memory.bytes);
}

jobject Allocate(JNIEnv* env, jclass native, jlong bytes) {
  if (bytes <= 0 || bytes > std::numeric_limits<jint>::max()) return nullptr;
  const size_t size = RoundUp(static_cast<uint64_t>(bytes), kPageBytes);
  const PageMemory memory = AllocatePageMemory(size);
  if (memory.bytes == nullptr) return nullptr;
  std::memset(memory.bytes, 0, size);
  {
    std::lock_guard<std::mutex> lock(allocated_mutex);
    Allocated().emplace(memory.bytes, memory);
  }
  jobject buffer = env->NewDirectByteBuffer(memory.bytes, bytes);
  if (buffer == nullptr) FreeMemory(env, native, reinterpret_cast<jlong>(memory.bytes));
  return buffer;
}

void NamedMemoryCreate(JNIEnv* env, jclass /*native*/, jstring name, jlong size_bytes,
                       jint sector_bytes) {
  const std::optional<std::string> native_name = ToNative(env, name);
  if (!native_name) return;
  const Status created = CreateNamedMemory(*native_name, static_cast<uint64_t>(size_bytes),
                                           static_cast<uint32_t>(sector_bytes));
  if (!created.ok()) Throw(env, created);
}

void NamedMemoryDrop(JNIEnv* env, jclass /*native*/, jstring name) {
  const std::optional<std::string> native_name = ToNative(env, name);
  if (!native_name) return;
  const Status dropped = DropNamedMemory(*native_name);
  if (!dropped.ok()) Throw(env, dropped);
}

}  // namespace

std::vector<JNINativeMethod> MemoryMethods() {
  return {
      Method("address", "(Ljava/nio/ByteBuffer;)J", &Address),
      Method("allocate", "(J)Ljava/nio/ByteBuffer;", &Allocate),
      Method("free", "(J)V", &FreeMemory),
      Method("namedMemoryCreate", "(Ljava/lang/String;JI)V", &NamedMemoryCreate),
      Method("namedMemoryDrop", "(Ljava/lang/String;)V", &NamedMemoryDrop),
  };
}

}  // namespace ashlar::jni
