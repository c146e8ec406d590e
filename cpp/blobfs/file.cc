#include "cpp/blobfs/file.h"

#include <utility>

#include "cpp/blobfs/file_node.h"
#include "cpp/blobfs/fs_core.h"
#include "cpp/blobfs/read_ahead.h"

namespace ashlar {

File::File(std::shared_ptr<FsCore> core, std::shared_ptr<FileNode> node, bool writable,
           std::unique_ptr<ReadAhead> read_ahead)
    : core_(std::move(core)),
      node_(std::move(node)),
      writable_(writable),
      read_ahead_(std::move(read_ahead)) {}

File::~File() { [[maybe_unused]] const Status closed = Close(); }

Status File::Close() {
  if (closed_.exchange(true)) return Status::Closed("the file is closed");
  if (read_ahead_ != nullptr) read_ahead_->Drop();
  const Status status = writable_ ? node_->CloseWriter() : Status::Ok();
  core_->Release(node_);
  return status;
}

Status File::CheckOpen() const {
  return closed_.load() ? Status::Closed("the file is closed") : Status::Ok();
}

Status File::CheckWritable() const {
  ASHLAR_RETURN_IF_ERROR(CheckOpen());
  return writable_ ? Status::Ok() : Status::ReadOnly("the file was opened for reading");
}

Result<size_t> File::Read(uint64_t offset_bytes, std::span<uint8_t> into) {
  ASHLAR_RETURN_IF_ERROR(CheckOpen());
  return read_ahead_ != nullptr ? read_ahead_->Read(*node_, offset_bytes, into)
                                : node_->Read(offset_bytes, into);
}

void File::ReadMany(std::span<FileRead> reads) {
  const Status status = CheckOpen();
  if (status.ok()) return node_->ReadMany(reads);
  for (FileRead& read : reads) {
    read.status = status;
    read.length_bytes = 0;
  }
}

Status File::Append(std::span<const uint8_t> bytes) {
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  return node_->Append(bytes);
}

Status File::WriteAt(uint64_t offset_bytes, std::span<const uint8_t> bytes) {
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  return node_->WriteAt(offset_bytes, bytes);
}

Status File::Flush() {
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  return node_->Flush();
}

Status File::Sync() {
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  return node_->Sync();
}

Status File::Truncate(uint64_t size_bytes) {
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  return node_->Truncate(size_bytes);
}

Status File::Extend(uint64_t size_bytes) {
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  return node_->Extend(size_bytes);
}

Status File::Preallocate(uint64_t size_bytes) {
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  return node_->Preallocate(size_bytes);
}

Status File::SetMtime(uint64_t mtime_us) {
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  return node_->SetMtime(mtime_us);
}

Status File::SetWriteTime(uint64_t mtime_us) {
  ASHLAR_RETURN_IF_ERROR(CheckWritable());
  return node_->SetWriteTime(mtime_us);
}

uint64_t File::size_bytes() const { return node_->size(); }
uint64_t File::mtime_us() const { return node_->mtime_us(); }
FileKind File::kind() const { return node_->kind(); }
FileId File::id() const { return node_->id(); }
std::string File::name() const { return core_->NameOf(*node_); }
uint64_t File::allocated_bytes() const { return node_->allocated_bytes(); }

}  // namespace ashlar
