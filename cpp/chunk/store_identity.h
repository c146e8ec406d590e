// How a chunk store marks a device as its own, in terms that SPDK's BlobFS can load: a file without
// content that carries the store's identity, and one file per private blob. docs/format.md has the
// names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/status.h"
#include "ashlar/store.h"
#include "cpp/base/units.h"
#include "cpp/blobstore/blobstore.h"

namespace ashlar {

// xattrs of every BlobFS file: the name with its NUL, the length as 8 bytes.
inline constexpr char kNameXattr[] = "name";
inline constexpr char kLengthXattr[] = "length";
// xattrs of the identity file.
inline constexpr char kStoreIdXattr[] = "ashlar.store.id";
inline constexpr char kGenerationXattr[] = "ashlar.store.generation";
inline constexpr char kMetadataXattr[] = "ashlar.store.metadata";  // a MetadataPlace, 8 bytes

inline constexpr char kIdentityFile[] = "/.ashlar/store";
inline constexpr char kSpaceFolder[] = "/.ashlar/space/";
inline constexpr char kBlobFsType[] = "BLOBFS";

std::string EncodeLittle64(uint64_t value);
// Nothing when the value is not 8 bytes long.
std::optional<uint64_t> DecodeLittle64(const std::string& value);

// The xattrs of a file of this name and length.
std::vector<Xattr> FileXattrs(const std::string& name, uint64_t length_bytes);
std::vector<Xattr> IdentityXattrs(const StoreId& id, uint64_t generation, MetadataPlace metadata);

// The file's name without the NUL; empty when the blob has none, or no NUL at its end.
std::string FileName(const Blobstore& blobstore, BlobId blob);

struct StoreIdentity {
  BlobId blob;
  StoreId id;
  uint64_t generation = 0;
  MetadataPlace metadata = MetadataPlace::kElsewhere;  // also if the file does not say
};

// NotFound: no identity file. Corrupt: it is not as it must be. WrongFormat: its metadata lies
// where a later version puts it.
Result<StoreIdentity> FindIdentity(const Blobstore& blobstore);

// The number in the name of a private blob's file; nothing when it is not one.
std::optional<uint64_t> SpaceFileNumber(const std::string& name);
std::string SpaceFileName(uint64_t number);

}  // namespace ashlar
