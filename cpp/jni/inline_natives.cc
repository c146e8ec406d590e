// Natives of dev.ashlar.internal.Native: I/O in the calling thread.
#include <cstdint>

#include "ashlar/store.h"
#include "cpp/base/units.h"
#include "cpp/jni/jni_support.h"

namespace ashlar::jni {

namespace {

jint ReadInline(JNIEnv* /*env*/, jclass /*native*/, jlong store, jlong address, jint offset_in_page,
                jint length, jlong location, jint crc) {
  return Store::ReadInline(static_cast<uint64_t>(store), reinterpret_cast<void*>(address),
                           static_cast<uint32_t>(offset_in_page), static_cast<uint32_t>(length),
                           static_cast<uint64_t>(location), static_cast<uint32_t>(crc));
}

// No I/O while the array is held: the bytes are read and verified first, then copied by the virtual
// machine, which checks the bounds.
jint ReadInlineHeap(JNIEnv* env, jclass /*native*/, jlong store, jbyteArray into, jint into_offset,
                    jint offset_in_page, jint length, jlong location, jint crc) {
  alignas(kPageBytes) uint8_t bytes[kPageBytes];
  const int result = Store::ReadInline(
      static_cast<uint64_t>(store), bytes, static_cast<uint32_t>(offset_in_page),
      static_cast<uint32_t>(length), static_cast<uint64_t>(location), static_cast<uint32_t>(crc));
  if (result == 0) {
    env->SetByteArrayRegion(into, into_offset, length, reinterpret_cast<const jbyte*>(bytes));
  }
  return result;
}

jint FlushInline(JNIEnv* /*env*/, jclass /*native*/, jlong store) {
  return Store::FlushInline(static_cast<uint64_t>(store));
}

}  // namespace

std::vector<JNINativeMethod> InlineMethods() {
  return {
      Method("readInline", "(JJIIJI)I", &ReadInline),
      Method("readInlineHeap", "(J[BIIIJI)I", &ReadInlineHeap),
      Method("flushInline", "(J)I", &FlushInline),
  };
}

}  // namespace ashlar::jni
