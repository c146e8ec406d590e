// From the numbers that Java holds to the objects they name. A stale number finds nothing.
#pragma once

#include <jni.h>

#include <memory>

#include "ashlar/store.h"

namespace ashlar::jni {

// Null with an exception pending when the handle is stale.
std::shared_ptr<StoreRuntime> RuntimeOrThrow(JNIEnv* env, jlong handle);
std::shared_ptr<Store> StoreOrThrow(JNIEnv* env, jlong number);

}  // namespace ashlar::jni
