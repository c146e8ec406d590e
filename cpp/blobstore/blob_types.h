// Small types that the blobstore's users and its parts share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cpp/base/units.h"

namespace ashlar {

struct Xattr {
  std::string name;   // at least 1 byte; together with the value at most 4063
  std::string value;  // any bytes
  bool operator==(const Xattr&) const = default;
};

// What may be done to a blob. All but kReadWrite come from features of SPDK that are not used here.
enum class BlobAccess : uint8_t {
  kReadWrite,
  kMetadataReadOnly,  // data may be written, metadata not: unknown flags or descriptors
  kReadOnly,          // snapshots, clones, blobs marked read-only
  kRefused,           // thin blobs, external snapshots, unknown features: data cannot be addressed
};

struct BlobInfo {
  BlobId id;
  uint64_t clusters = 0;
  BlobAccess access = BlobAccess::kReadWrite;
  std::string access_reason;  // why it is not kReadWrite
};

// Of a blob: what its cluster number `index_in_blob` shall be.
struct ClusterMove {
  uint64_t index_in_blob = 0;
  ClusterIndex spare;
};

// What becomes of a blob in one step, once data that was written before is durable.
struct DataChange {
  std::vector<Xattr> xattrs{};         // new ones, and new values
  std::vector<std::string> removed{};  // names of xattrs that go, if they are there
  // Spares of the blob that come in the places of its clusters; what lay there is free then. A
  // place behind the blob's end only gives its spare back.
  std::vector<ClusterMove> moves{};
};

// A blob that could not be loaded. Its root page, and all that may belong to it, is not reused.
struct DamagedBlob {
  MetadataPageIndex root;
  std::string reason;
};

}  // namespace ashlar
