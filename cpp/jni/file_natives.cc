// Natives of dev.ashlar.internal.Native: files of a BlobFS.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cpp/blobfs/file.h"
#include "cpp/jni/fs_handles.h"
#include "cpp/jni/handle_table.h"
#include "cpp/jni/jni_support.h"

namespace ashlar::jni {

namespace {

// Heap arrays travel through native memory in pieces of this size, so that no array is held while
// the device works.
constexpr jint kPieceBytes = 1 << 20;

HandleTable<File>& Files() {
  static auto* files = new HandleTable<File>();
  return *files;
}

std::shared_ptr<File> FileOrThrow(JNIEnv* env, jlong number) {
  std::shared_ptr<File> file = Files().Find(number);
  if (file == nullptr) ThrowAboutFile(env, Status::Closed("the file has been closed"));
  return file;
}

std::span<uint8_t> Bytes(jlong address, jint length) {
  return {reinterpret_cast<uint8_t*>(address), static_cast<size_t>(length)};
}

jlong FileOpen(JNIEnv* env, jclass /*native*/, jlong fs, jstring name, jint mode, jboolean log) {
  const std::shared_ptr<FsHandle> handle = FsOrThrow(env, fs);
  if (handle == nullptr) return 0;
  const std::optional<std::string> native_name = ToNative(env, name);
  if (!native_name) return 0;
  OpenOptions options;
  options.mode = static_cast<OpenMode>(mode);
  options.kind = log != JNI_FALSE ? FileKind::kLog : FileKind::kData;
  Result<std::unique_ptr<File>> file = handle->fs->Open(*native_name, options);
  if (file.ok()) return Files().Add(std::move(file).value());
  ThrowAboutFile(env, file.status());
  return 0;
}

void FileClose(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<File> file = Files().Remove(number);
  if (file == nullptr) return;
  const Status status = file->Close();
  // Closing the BlobFS has closed it already.
  if (!status.ok() && status.code() != StatusCode::kClosed) ThrowAboutFile(env, status);
}

jint FileRead(JNIEnv* env, jclass /*native*/, jlong number, jlong offset, jlong address,
              jint length) {
  const std::shared_ptr<File> file = FileOrThrow(env, number);
  if (file == nullptr) return 0;
  const Result<size_t> got = file->Read(static_cast<uint64_t>(offset), Bytes(address, length));
  if (got.ok()) return static_cast<jint>(got.value());
  ThrowAboutFile(env, got.status());
  return 0;
}

jint FileReadHeap(JNIEnv* env, jclass /*native*/, jlong number, jlong offset, jbyteArray into,
                  jint at, jint length) {
  const std::shared_ptr<File> file = FileOrThrow(env, number);
  if (file == nullptr) return 0;
  std::vector<uint8_t> piece(static_cast<size_t>(std::min(length, kPieceBytes)));
  jint done = 0;
  while (done < length) {
    const std::span<uint8_t> now =
        std::span(piece).first(static_cast<size_t>(std::min(length - done, kPieceBytes)));
    const Result<size_t> got = file->Read(static_cast<uint64_t>(offset + done), now);
    if (!got.ok()) {
      ThrowAboutFile(env, got.status());
      return 0;
    }
    const jint got_bytes = static_cast<jint>(got.value());
    env->SetByteArrayRegion(into, at + done, got_bytes,
                            reinterpret_cast<const jbyte*>(piece.data()));
    done += got_bytes;
    if (got.value() < now.size() || env->ExceptionCheck()) break;
  }
  return done;
}

void FileAppend(JNIEnv* env, jclass /*native*/, jlong number, jlong address, jint length) {
  const std::shared_ptr<File> file = FileOrThrow(env, number);
  if (file == nullptr) return;
  const Status status = file->Append(Bytes(address, length));
  if (!status.ok()) ThrowAboutFile(env, status);
}

void FileAppendHeap(JNIEnv* env, jclass /*native*/, jlong number, jbyteArray from, jint at,
                    jint length) {
  const std::shared_ptr<File> file = FileOrThrow(env, number);
  if (file == nullptr) return;
  // All or nothing, so in one piece.
  std::vector<uint8_t> bytes(static_cast<size_t>(length));
  env->GetByteArrayRegion(from, at, length, reinterpret_cast<jbyte*>(bytes.data()));
  if (env->ExceptionCheck()) return;
  const Status status = file->Append(bytes);
  if (!status.ok()) ThrowAboutFile(env, status);
}

void FileSync(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<File> file = FileOrThrow(env, number);
  if (file == nullptr) return;
  const Status status = file->Sync();
  if (!status.ok()) ThrowAboutFile(env, status);
}

void FileTruncate(JNIEnv* env, jclass /*native*/, jlong number, jlong size_bytes) {
  const std::shared_ptr<File> file = FileOrThrow(env, number);
  if (file == nullptr) return;
  const Status status = file->Truncate(static_cast<uint64_t>(size_bytes));
  if (!status.ok()) ThrowAboutFile(env, status);
}

jlong FileSize(JNIEnv* env, jclass /*native*/, jlong number) {
  const std::shared_ptr<File> file = FileOrThrow(env, number);
  return file == nullptr ? 0 : static_cast<jlong>(file->size_bytes());
}

}  // namespace

std::vector<JNINativeMethod> FileMethods() {
  return {
      Method("fileOpen", "(JLjava/lang/String;IZ)J", &FileOpen),
      Method("fileClose", "(J)V", &FileClose),
      Method("fileRead", "(JJJI)I", &FileRead),
      Method("fileReadHeap", "(JJ[BII)I", &FileReadHeap),
      Method("fileAppend", "(JJI)V", &FileAppend),
      Method("fileAppendHeap", "(J[BII)V", &FileAppendHeap),
      Method("fileSync", "(J)V", &FileSync),
      Method("fileTruncate", "(JJ)V", &FileTruncate),
      Method("fileSize", "(J)J", &FileSize),
  };
}

}  // namespace ashlar::jni
