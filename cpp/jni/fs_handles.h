// The open BlobFSs that Java knows by number.
#pragma once

#include <memory>

#include "cpp/blobfs/blobfs.h"
#include "cpp/jni/handle_table.h"
#include "cpp/rocksdb/core/mount.h"

namespace ashlar::jni {

struct FsHandle {
  std::shared_ptr<BlobFs> fs;
  rocks::Mount* mount;  // how RocksDB sees it
};

HandleTable<FsHandle>& FsHandles();

// The number of a BlobFS that Java gets.
jlong AddFs(std::shared_ptr<BlobFs> fs);

// Null with an exception pending when the number is stale.
std::shared_ptr<FsHandle> FsOrThrow(JNIEnv* env, jlong number);

}  // namespace ashlar::jni
