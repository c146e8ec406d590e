#include "cpp/rocksdb/plugin/blobfs_file_system.h"

#include <unistd.h>

#include <utility>

#include "ashlar/status.h"
#include "cpp/rocksdb/plugin/files.h"
#include "cpp/rocksdb/plugin/io_status.h"

namespace ashlar::rocks {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

class BlobFsLock final : public rocksdb::FileLock {
 public:
  explicit BlobFsLock(Lock* lock) : lock_(lock) {}
  Lock* lock() const { return lock_; }

 private:
  Lock* const lock_;
};

bool IsMissing(const Error& error) {
  return error.code == static_cast<int32_t>(StatusCode::kNotFound);
}

}  // namespace

// --- opening files -------------------------------------------------------------------------------

IOStatus BlobFsFileSystem::NewSequentialFile(const std::string& path,
                                             const FileOptions& /*options*/,
                                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                             IODebugContext* /*debug*/) {
  result->reset();
  Reader* reader = nullptr;
  Error error;
  if (core_.open_reader(mount_, ToText(path), ReadPattern::kSequential, &reader, &error) == 0) {
    result->reset(new BlobFsSequentialFile(core_, reader, path));
  }
  return ToIoStatus("While opening a file for sequential reading", path, error);
}

IOStatus BlobFsFileSystem::NewRandomAccessFile(const std::string& path,
                                               const FileOptions& /*options*/,
                                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                               IODebugContext* /*debug*/) {
  result->reset();
  Reader* reader = nullptr;
  Error error;
  if (core_.open_reader(mount_, ToText(path), ReadPattern::kRandom, &reader, &error) == 0) {
    result->reset(new BlobFsRandomAccessFile(core_, reader, path));
  }
  return ToIoStatus("While opening a file for random reading", path, error);
}

IOStatus BlobFsFileSystem::OpenWriter(const std::string& path, const FileOptions& options,
                                      WriteMode mode,
                                      std::unique_ptr<rocksdb::FSWritableFile>* result) {
  result->reset();
  Writer* writer = nullptr;
  Error error;
  if (core_.open_writer(mount_, ToText(path), mode, &writer, &error) == 0) {
    result->reset(new BlobFsWritableFile(core_, writer, path, options));
  }
  return ToIoStatus("While opening a file for appending", path, error);
}

IOStatus BlobFsFileSystem::NewWritableFile(const std::string& path, const FileOptions& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                                           IODebugContext* /*debug*/) {
  return OpenWriter(path, options, WriteMode::kReplace, result);
}

IOStatus BlobFsFileSystem::ReopenWritableFile(const std::string& path, const FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                                              IODebugContext* /*debug*/) {
  return OpenWriter(path, options, WriteMode::kAppend, result);
}

IOStatus BlobFsFileSystem::ReuseWritableFile(const std::string& path, const std::string& old_path,
                                             const FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* result,
                                             IODebugContext* debug) {
  result->reset();
  IOStatus status = DeleteFile(old_path, options.io_options, debug);
  if (!status.ok()) return status;
  return NewWritableFile(path, options, result, debug);
}

IOStatus BlobFsFileSystem::NewDirectory(const std::string& path, const IOOptions& /*options*/,
                                        std::unique_ptr<rocksdb::FSDirectory>* result,
                                        IODebugContext* /*debug*/) {
  result->reset();
  FileFacts facts{};
  IOStatus status = Facts("While opening a directory", path, &facts);
  if (!status.ok()) return status;
  if (facts.is_folder == 0) return IOStatus::IOError("Not a directory", path);
  result->reset(new BlobFsDirectory(core_, mount_, path));
  return status;
}

// --- looking -------------------------------------------------------------------------------------

IOStatus BlobFsFileSystem::Facts(const char* what, const std::string& path, FileFacts* facts) {
  Error error;
  core_.facts(mount_, ToText(path), facts, &error);
  return ToIoStatus(what, path, error);
}

IOStatus BlobFsFileSystem::FileExists(const std::string& path, const IOOptions& /*options*/,
                                      IODebugContext* /*debug*/) {
  FileFacts facts{};
  Error error;
  core_.facts(mount_, ToText(path), &facts, &error);
  return IsMissing(error) ? IOStatus::NotFound() : ToIoStatus("While looking for", path, error);
}

IOStatus BlobFsFileSystem::GetChildren(const std::string& folder, const IOOptions& options,
                                       std::vector<std::string>* result, IODebugContext* debug) {
  result->clear();
  std::vector<rocksdb::FileAttributes> files;
  IOStatus status = GetChildrenFileAttributes(folder, options, &files, debug);
  for (rocksdb::FileAttributes& file : files) result->push_back(std::move(file.name));
  return status;
}

IOStatus BlobFsFileSystem::GetChildrenFileAttributes(const std::string& folder,
                                                     const IOOptions& options,
                                                     std::vector<rocksdb::FileAttributes>* result,
                                                     IODebugContext* /*debug*/) {
  result->clear();
  struct Context {
    std::vector<rocksdb::FileAttributes>* result;
    bool files_only;
  } context{result, options.do_not_recurse};
  Error error;
  core_.list(
      mount_, ToText(folder),
      [](void* opaque, Text name, const FileFacts* facts) {
        const Context& into = *static_cast<Context*>(opaque);
        if (into.files_only && facts->is_folder != 0) return;
        rocksdb::FileAttributes file;
        file.name.assign(name.data, name.size);
        file.size_bytes = facts->size_bytes;
        into.result->push_back(std::move(file));
      },
      &context, &error);
  return IsMissing(error) ? IOStatus::NotFound(folder)
                          : ToIoStatus("While listing a directory", folder, error);
}

IOStatus BlobFsFileSystem::GetFileSize(const std::string& path, const IOOptions& /*options*/,
                                       uint64_t* size_bytes, IODebugContext* /*debug*/) {
  FileFacts facts{};
  IOStatus status = Facts("While asking for the size of a file", path, &facts);
  *size_bytes = facts.size_bytes;
  return status;
}

IOStatus BlobFsFileSystem::GetFileModificationTime(const std::string& path,
                                                   const IOOptions& /*options*/, uint64_t* seconds,
                                                   IODebugContext* /*debug*/) {
  FileFacts facts{};
  IOStatus status = Facts("While asking for the modification time of a file", path, &facts);
  *seconds = facts.modified_seconds;
  return status;
}

IOStatus BlobFsFileSystem::IsDirectory(const std::string& path, const IOOptions& /*options*/,
                                       bool* is_directory, IODebugContext* /*debug*/) {
  FileFacts facts{};
  IOStatus status = Facts("While looking at a file", path, &facts);
  if (is_directory != nullptr) *is_directory = facts.is_folder != 0;
  return status;
}

IOStatus BlobFsFileSystem::NumFileLinks(const std::string& path, const IOOptions& /*options*/,
                                        uint64_t* count, IODebugContext* /*debug*/) {
  FileFacts facts{};
  IOStatus status = Facts("While counting the links of a file", path, &facts);
  *count = 1;
  return status;
}

IOStatus BlobFsFileSystem::AreFilesSame(const std::string& first, const std::string& second,
                                        const IOOptions& options, bool* same,
                                        IODebugContext* debug) {
  *same = false;
  for (const std::string* path : {&first, &second}) {
    FileFacts facts{};
    IOStatus status = Facts("While comparing files", *path, &facts);
    if (!status.ok()) return status;
  }
  // Without links a file has one name, which may be written in several ways.
  std::string names[2];
  IOStatus status = GetAbsolutePath(first, options, &names[0], debug);
  if (status.ok()) status = GetAbsolutePath(second, options, &names[1], debug);
  *same = status.ok() && names[0] == names[1];
  return status;
}

IOStatus BlobFsFileSystem::GetAbsolutePath(const std::string& path, const IOOptions& /*options*/,
                                           std::string* absolute, IODebugContext* /*debug*/) {
  Error error;
  core_.absolute_path(
      ToText(path),
      [](void* into, Text text) { static_cast<std::string*>(into)->assign(text.data, text.size); },
      absolute, &error);
  return ToIoStatus("While resolving a path", path, error);
}

IOStatus BlobFsFileSystem::GetFreeSpace(const std::string& path, const IOOptions& /*options*/,
                                        uint64_t* free_bytes, IODebugContext* /*debug*/) {
  SpaceFacts facts{};
  Error error;
  core_.space(mount_, &facts, &error);
  *free_bytes = facts.free_bytes;
  return ToIoStatus("While asking for free space", path, error);
}

// --- changing ------------------------------------------------------------------------------------

IOStatus BlobFsFileSystem::DeleteFile(const std::string& path, const IOOptions& /*options*/,
                                      IODebugContext* /*debug*/) {
  Error error;
  core_.remove_file(mount_, ToText(path), &error);
  return ToIoStatus("While deleting a file", path, error);
}

IOStatus BlobFsFileSystem::RenameFile(const std::string& from, const std::string& to,
                                      const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  Error error;
  core_.rename(mount_, ToText(from), ToText(to), &error);
  return ToIoStatus("While renaming a file", from + " to " + to, error);
}

IOStatus BlobFsFileSystem::Truncate(const std::string& path, size_t size_bytes,
                                    const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  Error error;
  core_.truncate_file(mount_, ToText(path), size_bytes, &error);
  return ToIoStatus("While truncating a file", path, error);
}

IOStatus BlobFsFileSystem::CreateDir(const std::string& path, const IOOptions& /*options*/,
                                     IODebugContext* /*debug*/) {
  Error error;
  core_.make_folder(mount_, ToText(path), &error);
  return ToIoStatus("While creating a directory", path, error);
}

IOStatus BlobFsFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                              IODebugContext* debug) {
  FileFacts facts{};
  IOStatus status = Facts("While looking for a directory", path, &facts);
  if (status.IsPathNotFound()) return CreateDir(path, options, debug);
  if (status.ok() && facts.is_folder == 0) {
    return IOStatus::IOError("`" + path + "' exists but is not a directory");
  }
  return status;
}

IOStatus BlobFsFileSystem::DeleteDir(const std::string& path, const IOOptions& /*options*/,
                                     IODebugContext* /*debug*/) {
  Error error;
  core_.remove_folder(mount_, ToText(path), &error);
  return ToIoStatus("While deleting a directory", path, error);
}

// --- the rest ------------------------------------------------------------------------------------

IOStatus BlobFsFileSystem::LockFile(const std::string& path, const IOOptions& /*options*/,
                                    rocksdb::FileLock** lock, IODebugContext* /*debug*/) {
  *lock = nullptr;
  Lock* held = nullptr;
  Error error;
  if (core_.lock(mount_, ToText(path), &held, &error) == 0) *lock = new BlobFsLock(held);
  return ToIoStatus("While lock file", path, error);
}

IOStatus BlobFsFileSystem::UnlockFile(rocksdb::FileLock* lock, const IOOptions& /*options*/,
                                      IODebugContext* /*debug*/) {
  const std::unique_ptr<BlobFsLock> held(static_cast<BlobFsLock*>(lock));
  core_.unlock(held->lock());
  return IOStatus::OK();
}

IOStatus BlobFsFileSystem::GetTestDirectory(const IOOptions& options, std::string* path,
                                            IODebugContext* debug) {
  *path = "/rocksdbtest-" + std::to_string(geteuid());
  return CreateDirIfMissing(*path, options, debug);
}

void BlobFsFileSystem::SanitizeFileOptions(FileOptions* options) const {
  options->use_mmap_reads = false;
  options->use_mmap_writes = false;
  options->use_direct_reads = false;
  options->use_direct_writes = false;
}

}  // namespace ashlar::rocks
