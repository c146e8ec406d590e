// What every native function needs: exceptions, strings and arrays in both directions.
//
// Strings of Java are UTF-16, ours are UTF-8; what cannot be converted becomes U+FFFD.
#pragma once

#include <jni.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/status.h"

namespace ashlar::jni {

// Called once, when the library is loaded. False with an exception pending.
bool InitSupport(JNIEnv* env);

// Makes the exception of a failed status pending (NativeErrors.toException on the Java side).
void Throw(JNIEnv* env, const Status& status);
// The same for a call about a file of a BlobFS (NativeErrors.toFileException).
void ThrowAboutFile(JNIEnv* env, const Status& status);

jstring ToJava(JNIEnv* env, std::string_view text);
// Nothing, with an exception pending, when `text` is null or memory is short.
std::optional<std::string> ToNative(JNIEnv* env, jstring text);

// Null with an exception pending when there is no memory for it.
jlongArray ToJava(JNIEnv* env, std::span<const uint64_t> values);
jobjectArray ToJava(JNIEnv* env, const std::vector<std::string>& texts);

// Registers natives of a class; false with an exception pending.
bool Register(JNIEnv* env, const char* class_name, std::span<const JNINativeMethod> methods);

template <typename Function>
JNINativeMethod Method(const char* name, const char* signature, Function* function) {
  return {const_cast<char*>(name), const_cast<char*>(signature), reinterpret_cast<void*>(function)};
}

// The tables of the other files.
std::vector<JNINativeMethod> RuntimeMethods();
std::vector<JNINativeMethod> MemoryMethods();
std::vector<JNINativeMethod> StoreMethods();
std::vector<JNINativeMethod> SpaceMethods();
std::vector<JNINativeMethod> InlineMethods();
std::vector<JNINativeMethod> FsMethods();
std::vector<JNINativeMethod> FileMethods();
std::vector<JNINativeMethod> RocksDbMethods();
std::vector<JNINativeMethod> MountMethods();
std::vector<JNINativeMethod> SpdkMethods();

// Does nothing in the production library.
bool RegisterTestingNatives(JNIEnv* env);

}  // namespace ashlar::jni
