#include "cpp/jni/device_arguments.h"

#include <string>
#include <utility>

#include "cpp/jni/jni_support.h"

namespace ashlar::jni {

std::optional<DeviceSpec> ToDeviceSpec(JNIEnv* env, jint kind, jstring path, jlong size_bytes,
                                       jint flags, jint sector_bytes) {
  std::optional<std::string> native_path = ToNative(env, path);
  if (!native_path) return std::nullopt;
  if (native_path->find('\0') != std::string::npos) {
    Throw(env, Status::InvalidArgument("the path holds a NUL character"));
    return std::nullopt;
  }
  DeviceSpec spec;
  spec.kind = static_cast<DeviceKind>(kind);
  spec.path = *std::move(native_path);
  spec.size_bytes = static_cast<uint64_t>(size_bytes);
  spec.create = (flags & kOpenCreateFile) != 0;
  spec.read_only = (flags & kOpenReadOnly) != 0;
  spec.use_uring = (flags & kOpenNoUring) == 0;
  spec.use_direct_io = (flags & kOpenNoDirectIo) == 0;
  spec.non_volatile_cache = (flags & kOpenNonVolatileCache) != 0;
  spec.sector_bytes = static_cast<uint32_t>(sector_bytes);
  return spec;
}

}  // namespace ashlar::jni
