#include "cpp/jni/jni_support.h"

#include "cpp/base/utf.h"

namespace ashlar::jni {

namespace {

// Global references, made once and kept as long as the library is loaded.
jclass native_errors = nullptr;
jmethodID to_exception = nullptr;
jmethodID to_file_exception = nullptr;
jclass illegal_state = nullptr;
jclass string_class = nullptr;

jclass GlobalClass(JNIEnv* env, const char* name) {
  jclass local = env->FindClass(name);
  if (local == nullptr) return nullptr;
  auto global = static_cast<jclass>(env->NewGlobalRef(local));
  env->DeleteLocalRef(local);
  return global;
}

void ThrowBy(JNIEnv* env, jmethodID gate, const Status& status) {
  if (env->ExceptionCheck()) return;
  if (gate == nullptr) {
    env->ThrowNew(illegal_state, status.ToString().c_str());
    return;
  }
  jstring context = ToJava(env, status.context());
  if (context == nullptr) return;
  jobject exception =
      env->CallStaticObjectMethod(native_errors, gate, static_cast<jint>(status.code()),
                                  static_cast<jint>(status.sys_errno()), context);
  if (env->ExceptionCheck()) return;
  env->Throw(static_cast<jthrowable>(exception));
}

}  // namespace

bool InitSupport(JNIEnv* env) {
  illegal_state = GlobalClass(env, "java/lang/IllegalStateException");
  string_class = GlobalClass(env, "java/lang/String");
  if (illegal_state == nullptr || string_class == nullptr) return false;
  native_errors = GlobalClass(env, "dev/ashlar/internal/NativeErrors");
  if (native_errors != nullptr) {
    constexpr const char* kSignature = "(IILjava/lang/String;)Ljava/lang/RuntimeException;";
    to_exception = env->GetStaticMethodID(native_errors, "toException", kSignature);
    if (to_exception != nullptr) {
      to_file_exception = env->GetStaticMethodID(native_errors, "toFileException", kSignature);
    }
  }
  // Without the gates every failure is an IllegalStateException.
  if (to_file_exception == nullptr) env->ExceptionClear();
  return true;
}

void Throw(JNIEnv* env, const Status& status) { ThrowBy(env, to_exception, status); }

void ThrowAboutFile(JNIEnv* env, const Status& status) { ThrowBy(env, to_file_exception, status); }

jstring ToJava(JNIEnv* env, std::string_view text) {
  const std::u16string units = Utf8ToUtf16(text);
  return env->NewString(reinterpret_cast<const jchar*>(units.data()),
                        static_cast<jsize>(units.size()));
}

std::optional<std::string> ToNative(JNIEnv* env, jstring text) {
  if (text == nullptr) {
    Throw(env, Status::InvalidArgument("a string is null"));
    return std::nullopt;
  }
  const jsize length = env->GetStringLength(text);
  std::u16string units(static_cast<size_t>(length), u'\0');
  env->GetStringRegion(text, 0, length, reinterpret_cast<jchar*>(units.data()));
  if (env->ExceptionCheck()) return std::nullopt;
  return Utf16ToUtf8(units);
}

jlongArray ToJava(JNIEnv* env, std::span<const uint64_t> values) {
  jlongArray array = env->NewLongArray(static_cast<jsize>(values.size()));
  if (array == nullptr) return nullptr;
  env->SetLongArrayRegion(array, 0, static_cast<jsize>(values.size()),
                          reinterpret_cast<const jlong*>(values.data()));
  return array;
}

jobjectArray ToJava(JNIEnv* env, const std::vector<std::string>& texts) {
  jobjectArray array = env->NewObjectArray(static_cast<jsize>(texts.size()), string_class, nullptr);
  if (array == nullptr) return nullptr;
  for (size_t i = 0; i < texts.size(); ++i) {
    jstring text = ToJava(env, texts[i]);
    if (text == nullptr) return nullptr;
    env->SetObjectArrayElement(array, static_cast<jsize>(i), text);
    env->DeleteLocalRef(text);
  }
  return array;
}

bool Register(JNIEnv* env, const char* class_name, std::span<const JNINativeMethod> methods) {
  jclass target = env->FindClass(class_name);
  if (target == nullptr) return false;
  const jint result =
      env->RegisterNatives(target, methods.data(), static_cast<jint>(methods.size()));
  env->DeleteLocalRef(target);
  return result == JNI_OK;
}

}  // namespace ashlar::jni
