// Natives of dev.ashlar.internal.Native: tables and the runtime.
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "ashlar/store.h"
#include "cpp/base/units.h"
#include "cpp/chunk/op_slot.h"
#include "cpp/jni/handles.h"
#include "cpp/jni/jni_support.h"
#include "cpp/runtime/port_layout.h"
#include "cpp/runtime/reader_gate.h"

namespace ashlar::jni {

namespace {

// Raised with every change of the surface; equals Native.ABI_VERSION.
constexpr jint kAbiVersion = 7;

// --- the running runtime -------------------------------------------------------------------------

// There is at most one runtime; its handle is a count that never repeats, so a stale one finds
// nothing. WakeReactor goes by the pointer, inside the ReaderGate; the rest by the shared pointer.
std::mutex runtime_mutex;
std::shared_ptr<StoreRuntime> runtime_owner;
std::atomic<StoreRuntime*> runtime_pointer{nullptr};
std::atomic<jlong> runtime_handle{0};
jlong last_handle = 0;

std::shared_ptr<StoreRuntime> FindRuntime(jlong handle) {
  std::lock_guard<std::mutex> lock(runtime_mutex);
  return runtime_handle.load(std::memory_order_relaxed) == handle ? runtime_owner : nullptr;
}

void ThrowStopped(JNIEnv* env) { Throw(env, Status::Closed("the runtime has been stopped")); }

}  // namespace

std::shared_ptr<StoreRuntime> RuntimeOrThrow(JNIEnv* env, jlong handle) {
  std::shared_ptr<StoreRuntime> runtime = FindRuntime(handle);
  if (runtime == nullptr) ThrowStopped(env);
  return runtime;
}

namespace {

jint AbiVersion(JNIEnv* /*env*/, jclass /*native*/) { return kAbiVersion; }

jlongArray Layout(JNIEnv* env, jclass /*native*/) {
  const uint64_t values[] = {
      // OpSlotLayout.expected()
      offsetof(OpSlot, store), offsetof(OpSlot, address), offsetof(OpSlot, opcode),
      offsetof(OpSlot, page_count), offsetof(OpSlot, head_offset_bytes),
      offsetof(OpSlot, length_bytes), offsetof(OpSlot, old_head_location),
      offsetof(OpSlot, old_tail_location), offsetof(OpSlot, old_head_crc),
      offsetof(OpSlot, old_tail_crc), offsetof(OpSlot, status), offsetof(OpSlot, sys_errno),
      offsetof(OpSlot, failed_location), offsetof(OpSlot, failed_offset),
      offsetof(OpSlot, failed_page), offsetof(OpSlot, expected_crc), offsetof(OpSlot, actual_crc),
      offsetof(OpSlot, locations), offsetof(OpSlot, crcs), sizeof(OpSlot),
      static_cast<uint64_t>(OpCode::kRead), static_cast<uint64_t>(OpCode::kWrite),
      static_cast<uint64_t>(OpCode::kFree), static_cast<uint64_t>(OpCode::kFlush), kSegmentPages,
      PageAddress::kHoleValue,
      // PortLayout.expected()
      PortLayout::kControlBytes, PortLayout::kDrainerWaiting, PortLayout::kSubmitTail,
      PortLayout::kSubmitHead, PortLayout::kCompletionTail, PortLayout::kCompletionHead,
      PortLayout::kReactorAsleep, PortLayout::kSubmitEntries, PortLayout::PortBytes(512),
      PortLayout::CompletionEntries(512)};
  return ToJava(env, std::span<const uint64_t>(values));
}

jobjectArray StatusCodes(JNIEnv* env, jclass /*native*/) {
  const std::vector<std::string> codes = {
#define ASHLAR_STATUS(name, number, text) std::to_string(number) + " " #name,
#include "ashlar/status_codes.def"
#undef ASHLAR_STATUS
  };
  return ToJava(env, codes);
}

jlong RuntimeStart(JNIEnv* env, jclass /*native*/, jint reactors, jint idle_policy,
                   jlong spin_nanos, jint slots, jlong buffer_bytes) {
  if (reactors < 0 || spin_nanos < 0 || slots < 0 || buffer_bytes < 0) {
    Throw(env, Status::InvalidArgument("a runtime option is negative"));
    return 0;
  }
  StoreRuntimeOptions options;
  options.reactors.reactors = static_cast<uint32_t>(reactors);
  options.reactors.idle_policy = static_cast<IdlePolicy>(idle_policy);
  options.reactors.spin_ns = static_cast<uint64_t>(spin_nanos);
  options.op_slots = static_cast<uint32_t>(slots);
  options.buffer_bytes = static_cast<uint64_t>(buffer_bytes);
  Result<std::shared_ptr<StoreRuntime>> runtime = StoreRuntime::Start(options);
  if (!runtime.ok()) {
    Throw(env, runtime.status());
    return 0;
  }
  std::lock_guard<std::mutex> lock(runtime_mutex);
  runtime_owner = std::move(runtime).value();
  runtime_handle.store(++last_handle, std::memory_order_relaxed);
  runtime_pointer.store(runtime_owner.get(), std::memory_order_seq_cst);
  return last_handle;
}

void RuntimeStop(JNIEnv* env, jclass /*native*/, jlong handle) {
  std::shared_ptr<StoreRuntime> runtime;
  {
    std::lock_guard<std::mutex> lock(runtime_mutex);
    if (runtime_handle.load(std::memory_order_relaxed) == handle) {
      runtime_pointer.store(nullptr, std::memory_order_seq_cst);
      runtime = std::move(runtime_owner);
    }
  }
  if (runtime == nullptr) return ThrowStopped(env);
  ReaderGate::WaitForReaders();
  runtime->Stop();
}

jint RuntimeReactors(JNIEnv* env, jclass /*native*/, jlong handle) {
  const std::shared_ptr<StoreRuntime> runtime = RuntimeOrThrow(env, handle);
  return runtime == nullptr ? 0 : static_cast<jint>(runtime->reactors());
}

jobject RuntimeMemory(JNIEnv* env, jclass /*native*/, jlong handle) {
  const std::shared_ptr<StoreRuntime> runtime = RuntimeOrThrow(env, handle);
  if (runtime == nullptr) return nullptr;
  const std::span<uint8_t> memory = runtime->memory();
  return env->NewDirectByteBuffer(memory.data(), static_cast<jlong>(memory.size()));
}

void Wake(JNIEnv* /*env*/, jclass /*native*/, jlong handle, jint reactor) {
  ReaderGate::Pass pass;
  StoreRuntime* runtime = runtime_pointer.load(std::memory_order_seq_cst);
  if (runtime == nullptr || runtime_handle.load(std::memory_order_relaxed) != handle) return;
  runtime->WakeReactor(static_cast<uint32_t>(reactor));
}

void AwaitCompletions(JNIEnv* /*env*/, jclass /*native*/, jlong handle, jint timeout_millis) {
  const std::shared_ptr<StoreRuntime> runtime = FindRuntime(handle);
  if (runtime != nullptr) runtime->AwaitCompletions(timeout_millis);
}

void InterruptWait(JNIEnv* /*env*/, jclass /*native*/, jlong handle) {
  const std::shared_ptr<StoreRuntime> runtime = FindRuntime(handle);
  if (runtime != nullptr) runtime->InterruptWait();
}

}  // namespace

std::vector<JNINativeMethod> RuntimeMethods() {
  return {
      Method("abiVersion", "()I", &AbiVersion),
      Method("layout", "()[J", &Layout),
      Method("statusCodes", "()[Ljava/lang/String;", &StatusCodes),
      Method("runtimeStart", "(IIJIJ)J", &RuntimeStart),
      Method("runtimeStop", "(J)V", &RuntimeStop),
      Method("runtimeReactors", "(J)I", &RuntimeReactors),
      Method("runtimeMemory", "(J)Ljava/nio/ByteBuffer;", &RuntimeMemory),
      Method("wake", "(JI)V", &Wake),
      Method("awaitCompletions", "(JI)V", &AwaitCompletions),
      Method("interruptWait", "(J)V", &InterruptWait),
  };
}

}  // namespace ashlar::jni
