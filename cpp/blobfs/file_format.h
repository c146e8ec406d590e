// What the xattrs of a blob say about the file it is. Pure; docs/format.md has the table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/status.h"
#include "cpp/blobfs/file.h"
#include "cpp/blobfs/framing.h"
#include "cpp/blobstore/blob_types.h"

namespace ashlar {

inline constexpr char kBlobFsTypeName[] = "BLOBFS";
// Files below belong to other users of the blobstore.
inline constexpr char kReservedFolder[] = "/.ashlar/";
inline constexpr char kChunkStoreFile[] = "/.ashlar/store";

struct LogMetadata {
  uint32_t unit_bytes = 0;
  uint64_t log_id = 0;
  uint32_t session = 0;      // the last that was begun
  uint64_t known_bytes = 0;  // the log has that many at least
  bool sealed = false;       // closed: it has exactly known_bytes
  bool operator==(const LogMetadata&) const = default;
};

struct FileMetadata {
  std::string name;
  uint64_t length_bytes = 0;  // of the blob: for a log, of its units
  bool deleted = false;
  FileId id;                // 0: none
  uint64_t generation = 0;  // of two files of one name the greater one counts
  uint64_t mtime_us = 0;
  std::optional<LogMetadata> log;
  bool operator==(const FileMetadata&) const = default;

  Framing framing() const;
};

inline constexpr char kLogXattrName[] = "ashlar.log";

// Those that are not 0, in the order of the table; all of them for a new file.
std::vector<Xattr> EncodeFileMetadata(const FileMetadata& file);

// Single ones, for updates.
Xattr NameXattr(std::string_view name);
Xattr LengthXattr(uint64_t length_bytes);
Xattr DeletedXattr();
Xattr GenerationXattr(uint64_t generation);
Xattr MtimeXattr(uint64_t mtime_us);
Xattr LogXattr(const LogMetadata& log);

// Corrupt: no name or length, or one of the others is not as it must be.
Result<FileMetadata> DecodeFileMetadata(const std::vector<Xattr>& xattrs);

// What a new name must be: '/', then parts of at least one byte with a slash between them, at most
// 255 bytes, no NUL, not reserved. InvalidArgument otherwise.
Status CheckFileName(std::string_view name);

}  // namespace ashlar
