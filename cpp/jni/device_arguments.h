// The arguments by which Java names a device.
#pragma once

#include <jni.h>

#include <optional>

#include "ashlar/device.h"

namespace ashlar::jni {

// Native.OPEN_...
inline constexpr jint kOpenCreateFile = 1;
inline constexpr jint kOpenFormat = 2;
inline constexpr jint kOpenReadOnly = 4;
inline constexpr jint kOpenNoUring = 8;
inline constexpr jint kOpenNoDirectIo = 16;
inline constexpr jint kOpenBesideStore = 32;
inline constexpr jint kOpenFlushWritesTail = 64;
inline constexpr jint kOpenMetadataOnDevice = 128;
inline constexpr jint kOpenNonVolatileCache = 256;

// Nothing, with an exception pending, when the path is no path.
std::optional<DeviceSpec> ToDeviceSpec(JNIEnv* env, jint kind, jstring path, jlong size_bytes,
                                       jint flags, jint sector_bytes);

}  // namespace ashlar::jni
