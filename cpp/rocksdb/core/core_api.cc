// The functions behind the table of plugin_api.h.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cpp/blobfs/blobfs.h"
#include "cpp/blobfs/file_kind.h"
#include "cpp/blobfs/folders.h"
#include "cpp/rocksdb/core/mount.h"
#include "cpp/rocksdb/plugin_api.h"

namespace ashlar::rocks {

// Members go in reverse: the file is closed before its mount may go.
struct Writer {
  std::unique_ptr<Mount::Pin> pin;
  std::unique_ptr<File> file;
};

struct Reader {
  std::unique_ptr<Mount::Pin> pin;
  std::unique_ptr<File> file;
};

struct Lock {
  std::unique_ptr<Mount::Pin> pin;
  std::unique_ptr<FileLock> lock;
};

namespace {

// What a reader of a whole file (a log at recovery, a copy) fetches at a time.
constexpr uint32_t kReadAheadBytes = 1u << 20;
// A database is found by this file; it is the last one to come when a folder is moved.
constexpr std::string_view kCurrent = "CURRENT";

std::string ToPath(Text text) { return AbsolutePath({text.data, text.size}); }

int32_t Report(const Status& status, Error* error) {
  error->code = static_cast<int32_t>(status.code());
  error->sys_errno = status.sys_errno();
  if (status.ok()) return 0;
  const std::string text = status.ToString();
  const size_t size = std::min(text.size(), sizeof(error->text) - 1);
  std::memcpy(error->text, text.data(), size);
  error->text[size] = '\0';
  return error->code;
}

std::span<uint8_t> Into(const ReadPart& part) {
  return {reinterpret_cast<uint8_t*>(part.into), part.length_bytes};
}

// Calls `use` with the mounted BlobFs.
template <typename Use>
int32_t With(Mount* mount, Error* error, Use use) {
  const Result<std::shared_ptr<BlobFs>> fs = mount->Use();
  return Report(fs.ok() ? use(*fs.value()) : fs.status(), error);
}

// --- writing -------------------------------------------------------------------------------------

int32_t OpenWriter(Mount* mount, Text path, WriteMode mode, Writer** writer, Error* error) {
  const std::string name = ToPath(path);
  Result<std::unique_ptr<Mount::Pin>> pin = Mount::Pin::Take(mount, name);
  if (!pin.ok()) return Report(pin.status(), error);
  BlobFs& fs = pin.value()->fs();
  if (fs.IsDirectory(name)) return Report(Status::IoError("it is a folder", EISDIR), error);
  OpenOptions options;
  options.mode =
      mode == WriteMode::kReplace ? OpenMode::kCreateOrReplace : OpenMode::kCreateOrWrite;
  options.kind = KindOf(name);
  Result<std::unique_ptr<File>> file = fs.Open(name, options);
  if (!file.ok()) return Report(file.status(), error);
  *writer = new Writer{std::move(pin).value(), std::move(file).value()};
  return Report(Status::Ok(), error);
}

int32_t Append(Writer* writer, const char* data, size_t size, Error* error) {
  return Report(writer->file->Append({reinterpret_cast<const uint8_t*>(data), size}), error);
}

int32_t Flush(Writer* writer, Error* error) { return Report(writer->file->Flush(), error); }

int32_t Sync(Writer* writer, Error* error) { return Report(writer->file->Sync(), error); }

int32_t Truncate(Writer* writer, uint64_t size_bytes, Error* error) {
  return Report(writer->file->Truncate(size_bytes), error);
}

int32_t Reserve(Writer* writer, uint64_t size_bytes, Error* error) {
  return Report(writer->file->Preallocate(size_bytes), error);
}

uint64_t WriterSize(const Writer* writer) { return writer->file->size_bytes(); }

int32_t CloseWriter(Writer* writer, Error* error) {
  const std::unique_ptr<Writer> closing(writer);
  return Report(closing->file->Close(), error);
}

// --- reading -------------------------------------------------------------------------------------

int32_t OpenReader(Mount* mount, Text path, ReadPattern pattern, Reader** reader, Error* error) {
  const std::string name = ToPath(path);
  Result<std::unique_ptr<Mount::Pin>> pin = Mount::Pin::Take(mount, name);
  if (!pin.ok()) return Report(pin.status(), error);
  OpenOptions options;
  options.read_ahead_bytes = pattern == ReadPattern::kSequential ? kReadAheadBytes : 0;
  Result<std::unique_ptr<File>> file = pin.value()->fs().Open(name, options);
  if (!file.ok()) return Report(file.status(), error);
  *reader = new Reader{std::move(pin).value(), std::move(file).value()};
  return Report(Status::Ok(), error);
}

int32_t Read(const Reader* reader, ReadPart* part) {
  const Result<size_t> got = reader->file->Read(part->offset_bytes, Into(*part));
  part->got_bytes = got.ok() ? got.value() : 0;
  return Report(got.status(), &part->error);
}

void ReadMany(const Reader* reader, ReadPart* parts, size_t count) {
  std::array<FileRead, 16> reads;
  for (size_t first = 0; first < count; first += reads.size()) {
    const std::span<ReadPart> now(parts + first, std::min(reads.size(), count - first));
    for (size_t i = 0; i < now.size(); ++i) {
      reads[i].offset_bytes = now[i].offset_bytes;
      reads[i].into = Into(now[i]);
    }
    reader->file->ReadMany(std::span(reads).first(now.size()));
    for (size_t i = 0; i < now.size(); ++i) {
      now[i].got_bytes = reads[i].status.ok() ? reads[i].length_bytes : 0;
      Report(reads[i].status, &now[i].error);
    }
  }
}

void CloseReader(Reader* reader) { delete reader; }

// --- names ---------------------------------------------------------------------------------------

Status FillFacts(BlobFs& fs, const std::string& name, FileFacts* facts) {
  *facts = {};
  if (fs.IsDirectory(name)) {
    facts->is_folder = 1;
    return Status::Ok();
  }
  const Result<FileStat> stat = fs.Stat(name);
  if (!stat.ok()) return stat.status();
  facts->size_bytes = stat.value().size_bytes;
  facts->modified_seconds = stat.value().mtime_us / 1'000'000;
  return Status::Ok();
}

int32_t Facts(Mount* mount, Text path, FileFacts* facts, Error* error) {
  return With(mount, error, [&](BlobFs& fs) { return FillFacts(fs, ToPath(path), facts); });
}

int32_t List(Mount* mount, Text folder, Visitor visitor, void* context, Error* error) {
  return With(mount, error, [&](BlobFs& fs) {
    const std::string path = ToPath(folder);
    const Result<std::vector<FolderEntry>> entries = Folders(fs).List(path);
    if (!entries.ok()) return entries.status();
    for (const FolderEntry& entry : entries.value()) {
      FileFacts facts{};
      facts.is_folder = 1;
      if (!entry.is_folder) {
        const Status status = FillFacts(fs, AbsolutePath(path + "/" + entry.name), &facts);
        if (status.code() == StatusCode::kNotFound) continue;  // deleted meanwhile
        // A damaged file is listed all the same, so that it can be deleted.
      }
      visitor(context, Text{entry.name.data(), entry.name.size()}, &facts);
    }
    return Status::Ok();
  });
}

int32_t Rename(Mount* mount, Text from, Text to, Error* error) {
  return With(mount, error,
              [&](BlobFs& fs) { return Folders(fs).Rename(ToPath(from), ToPath(to), kCurrent); });
}

int32_t RemoveFile(Mount* mount, Text path, Error* error) {
  return With(mount, error, [&](BlobFs& fs) { return fs.Delete(ToPath(path)); });
}

int32_t MakeFolder(Mount* mount, Text path, Error* error) {
  return With(mount, error, [&](BlobFs& fs) { return Folders(fs).Make(ToPath(path)); });
}

int32_t RemoveFolder(Mount* mount, Text path, Error* error) {
  return With(mount, error, [&](BlobFs& fs) { return Folders(fs).Remove(ToPath(path)); });
}

int32_t TruncateFile(Mount* mount, Text path, uint64_t size_bytes, Error* error) {
  return With(mount, error, [&](BlobFs& fs) {
    Result<std::unique_ptr<File>> file = fs.Open(ToPath(path), {.mode = OpenMode::kWrite});
    if (!file.ok()) return file.status();
    ASHLAR_RETURN_IF_ERROR(file.value()->Truncate(size_bytes));
    return file.value()->Close();
  });
}

// BlobFS makes each change of a name durable before it returns.
int32_t SyncNames(Mount* mount, Error* error) {
  return With(mount, error, [](BlobFs&) { return Status::Ok(); });
}

// --- the rest ------------------------------------------------------------------------------------

int32_t TakeLock(Mount* mount, Text path, Lock** lock, Error* error) {
  const std::string name = ToPath(path);
  Result<std::unique_ptr<Mount::Pin>> pin = Mount::Pin::Take(mount, name);
  if (!pin.ok()) return Report(pin.status(), error);
  if (pin.value()->fs().IsDirectory(name)) {
    return Report(Status::IoError("it is a folder", EISDIR), error);
  }
  Result<std::unique_ptr<FileLock>> held = pin.value()->fs().Lock(name);
  if (!held.ok()) return Report(held.status(), error);
  *lock = new Lock{std::move(pin).value(), std::move(held).value()};
  return Report(Status::Ok(), error);
}

void Unlock(Lock* lock) { delete lock; }

int32_t Space(Mount* mount, SpaceFacts* facts, Error* error) {
  *facts = {};
  return With(mount, error, [&](BlobFs& fs) {
    const Result<FsSpace> space = fs.Space();
    if (!space.ok()) return space.status();
    *facts = {.total_bytes = space.value().total_bytes, .free_bytes = space.value().free_bytes};
    return Status::Ok();
  });
}

int32_t GiveAbsolutePath(Text path, void (*give)(void* into, Text absolute), void* into,
                         Error* error) {
  const std::string absolute = ToPath(path);
  give(into, Text{absolute.data(), absolute.size()});
  return Report(Status::Ok(), error);
}

}  // namespace

const CoreApi& Core() {
  static constexpr CoreApi kCore = {
      .version = kPluginApiVersion,
      .open_writer = OpenWriter,
      .append = Append,
      .flush = Flush,
      .sync = Sync,
      .truncate = Truncate,
      .reserve = Reserve,
      .writer_size = WriterSize,
      .close_writer = CloseWriter,
      .open_reader = OpenReader,
      .read = Read,
      .read_many = ReadMany,
      .close_reader = CloseReader,
      .facts = Facts,
      .list = List,
      .rename = Rename,
      .remove_file = RemoveFile,
      .make_folder = MakeFolder,
      .remove_folder = RemoveFolder,
      .truncate_file = TruncateFile,
      .sync_names = SyncNames,
      .lock = TakeLock,
      .unlock = Unlock,
      .space = Space,
      .absolute_path = GiveAbsolutePath,
  };
  return kCore;
}

}  // namespace ashlar::rocks
