// Natives of dev.ashlar.internal.TestNative, in the testing library only: crash devices by label,
// so that Java tests can cut the power at any point.
#include "cpp/jni/jni_support.h"

#ifdef ASHLAR_TESTING

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "cpp/testing/crash_device.h"
#include "cpp/testing/crash_registry.h"

namespace ashlar::jni {

namespace {

// Null with an exception pending when there is no such device.
std::shared_ptr<CrashDevice> DeviceOrThrow(JNIEnv* env, jstring label) {
  const std::optional<std::string> name = ToNative(env, label);
  if (!name) return nullptr;
  std::shared_ptr<CrashDevice> device = FindCrashDevice(*name);
  if (device == nullptr) Throw(env, Status::NotFound("no crash device \"" + *name + "\""));
  return device;
}

void Add(JNIEnv* env, jstring label, Result<std::unique_ptr<CrashDevice>> device) {
  const std::optional<std::string> name = ToNative(env, label);
  if (!name) return;
  Status status = device.status();
  if (status.ok()) status = AddCrashDevice(*name, std::move(device).value());
  if (!status.ok()) Throw(env, status);
}

void Create(JNIEnv* env, jclass /*native*/, jstring label, jlong size_bytes, jint sector_bytes,
            jlong seed) {
  const std::optional<std::string> name = ToNative(env, label);
  if (!name) return;
  CrashDeviceOptions options;
  options.name = *name;
  options.size_bytes = static_cast<uint64_t>(size_bytes);
  options.sector_bytes = static_cast<uint32_t>(sector_bytes);
  options.seed = static_cast<uint64_t>(seed);
  Add(env, label, CrashDevice::Make(options));
}

// A new device with the image and the geometry of the old one.
void AddImage(JNIEnv* env, const CrashDevice& from, DiskImage image, jstring new_label,
              uint64_t seed) {
  const std::optional<std::string> name = ToNative(env, new_label);
  if (!name) return;
  CrashDeviceOptions options;
  options.name = *name;
  options.sector_bytes = from.info().sector_bytes;
  options.seed = seed;
  options.inline_io = from.SupportsInlineRead();
  Add(env, new_label, CrashDevice::FromImage(options, std::move(image)));
}

bool IsPosition(JNIEnv* env, const CrashDevice& device, jlong position) {
  if (position >= 0 && static_cast<size_t>(position) <= device.log_position()) return true;
  Throw(env,
        Status::InvalidArgument("position " + std::to_string(position) + " is not in the log"));
  return false;
}

jlong LogPosition(JNIEnv* env, jclass /*native*/, jstring label) {
  const std::shared_ptr<CrashDevice> device = DeviceOrThrow(env, label);
  return device == nullptr ? 0 : static_cast<jlong>(device->log_position());
}

void Image(JNIEnv* env, jclass /*native*/, jstring label, jlong position, jlong seed,
           jstring new_label) {
  const std::shared_ptr<CrashDevice> device = DeviceOrThrow(env, label);
  if (device == nullptr || !IsPosition(env, *device, position)) return;
  const auto image_seed = static_cast<uint64_t>(seed);
  AddImage(env, *device, device->CrashImage(static_cast<size_t>(position), image_seed), new_label,
           image_seed);
}

void FullImage(JNIEnv* env, jclass /*native*/, jstring label, jlong position, jstring new_label) {
  const std::shared_ptr<CrashDevice> device = DeviceOrThrow(env, label);
  if (device == nullptr || !IsPosition(env, *device, position)) return;
  AddImage(env, *device, device->FullImage(static_cast<size_t>(position)), new_label, 1);
}

void CorruptRange(JNIEnv* env, jclass /*native*/, jstring label, jlong offset_bytes,
                  jlong length_bytes) {
  const std::shared_ptr<CrashDevice> device = DeviceOrThrow(env, label);
  if (device == nullptr) return;
  const auto offset = static_cast<uint64_t>(offset_bytes);
  const auto length = static_cast<uint64_t>(length_bytes);
  if (offset_bytes < 0 || length_bytes <= 0 || offset > device->info().size_bytes ||
      length > device->info().size_bytes - offset) {
    return Throw(env, Status::InvalidArgument("the range is not on the device"));
  }
  device->FlipBits(offset, length, 1, offset);
}

void FailNth(JNIEnv* env, jclass /*native*/, jstring label, jint op, jlong nth, jint sys_errno) {
  const std::shared_ptr<CrashDevice> device = DeviceOrThrow(env, label);
  if (device == nullptr) return;
  if (op < 0 || op > static_cast<jint>(IoRequest::Op::kDiscard) || nth < 1 || sys_errno < 1) {
    return Throw(env, Status::InvalidArgument("op is 0 to 3, n and errno are at least 1"));
  }
  device->FailNth(static_cast<IoRequest::Op>(op), static_cast<uint64_t>(nth), sys_errno);
}

void LieAboutFlush(JNIEnv* env, jclass /*native*/, jstring label, jboolean lie) {
  const std::shared_ptr<CrashDevice> device = DeviceOrThrow(env, label);
  if (device != nullptr) device->LieAboutFlush(lie != JNI_FALSE);
}

void PowerOff(JNIEnv* env, jclass /*native*/, jstring label) {
  const std::shared_ptr<CrashDevice> device = DeviceOrThrow(env, label);
  if (device != nullptr) device->PowerOff();
}

void ClearFaults(JNIEnv* env, jclass /*native*/, jstring label) {
  const std::shared_ptr<CrashDevice> device = DeviceOrThrow(env, label);
  if (device != nullptr) device->ClearFaults();
}

void Drop(JNIEnv* env, jclass /*native*/, jstring label) {
  const std::optional<std::string> name = ToNative(env, label);
  if (name) DropCrashDevice(*name);
}

}  // namespace

bool RegisterTestingNatives(JNIEnv* env) {
  InstallCrashDevices();
  const std::vector<JNINativeMethod> methods = {
      Method("create", "(Ljava/lang/String;JIJ)V", &Create),
      Method("logPosition", "(Ljava/lang/String;)J", &LogPosition),
      Method("image", "(Ljava/lang/String;JJLjava/lang/String;)V", &Image),
      Method("fullImage", "(Ljava/lang/String;JLjava/lang/String;)V", &FullImage),
      Method("corrupt", "(Ljava/lang/String;JJ)V", &CorruptRange),
      Method("failNth", "(Ljava/lang/String;IJI)V", &FailNth),
      Method("lieAboutFlush", "(Ljava/lang/String;Z)V", &LieAboutFlush),
      Method("powerOff", "(Ljava/lang/String;)V", &PowerOff),
      Method("clearFaults", "(Ljava/lang/String;)V", &ClearFaults),
      Method("drop", "(Ljava/lang/String;)V", &Drop),
  };
  jclass test_native = env->FindClass("dev/ashlar/internal/TestNative");
  if (test_native == nullptr) {
    env->ExceptionClear();  // the library without the tests
    return true;
  }
  env->DeleteLocalRef(test_native);
  return Register(env, "dev/ashlar/internal/TestNative", methods);
}

}  // namespace ashlar::jni

#else

namespace ashlar::jni {
bool RegisterTestingNatives(JNIEnv* /*env*/) { return true; }
}  // namespace ashlar::jni

#endif
