#include "cpp/chunk/store_identity.h"

#include <charconv>
#include <cstring>
#include <string_view>

#include "cpp/base/encoding.h"

namespace ashlar {

std::string EncodeLittle64(uint64_t value) {
  std::string bytes(sizeof(value), '\0');
  StoreLittle(bytes.data(), value);
  return bytes;
}

std::optional<uint64_t> DecodeLittle64(const std::string& value) {
  if (value.size() != sizeof(uint64_t)) return std::nullopt;
  return LoadLittle<uint64_t>(value.data());
}

std::vector<Xattr> FileXattrs(const std::string& name, uint64_t length_bytes) {
  return {{kNameXattr, name + '\0'}, {kLengthXattr, EncodeLittle64(length_bytes)}};
}

std::vector<Xattr> IdentityXattrs(const StoreId& id, uint64_t generation, MetadataPlace metadata) {
  std::vector<Xattr> xattrs = FileXattrs(kIdentityFile, 0);
  xattrs.push_back({kStoreIdXattr, std::string(id.bytes.begin(), id.bytes.end())});
  xattrs.push_back({kGenerationXattr, EncodeLittle64(generation)});
  xattrs.push_back({kMetadataXattr, EncodeLittle64(static_cast<uint64_t>(metadata))});
  return xattrs;
}

std::string FileName(const Blobstore& blobstore, BlobId blob) {
  const Result<std::string> name = blobstore.GetXattr(blob, kNameXattr);
  if (!name.ok() || name.value().empty() || name.value().back() != '\0') return {};
  return std::string(name.value().c_str());
}

namespace {

// Stores of the time when metadata was always a folder do not say where it is.
Result<MetadataPlace> ReadMetadataPlace(const Blobstore& blobstore, BlobId blob) {
  const Result<std::string> value = blobstore.GetXattr(blob, kMetadataXattr);
  if (value.status().code() == StatusCode::kNotFound) return MetadataPlace::kElsewhere;
  if (!value.ok()) return value.status();
  const std::optional<uint64_t> place = DecodeLittle64(value.value());
  if (!place) return Status::Corrupt(std::string(kMetadataXattr) + " is not a number");
  if (*place > static_cast<uint64_t>(MetadataPlace::kUnfinished)) {
    return Status::WrongFormat("the store keeps its metadata in way " + std::to_string(*place) +
                               ", which only a later version knows");
  }
  return static_cast<MetadataPlace>(*place);
}

}  // namespace

Result<StoreIdentity> FindIdentity(const Blobstore& blobstore) {
  for (const BlobId blob : blobstore.blobs()) {
    if (FileName(blobstore, blob) != kIdentityFile) continue;
    StoreIdentity identity;
    identity.blob = blob;
    const Result<std::string> id = blobstore.GetXattr(blob, kStoreIdXattr);
    const Result<std::string> generation = blobstore.GetXattr(blob, kGenerationXattr);
    if (!id.ok() || id.value().size() != identity.id.bytes.size() || !generation.ok() ||
        !DecodeLittle64(generation.value())) {
      return Status::Corrupt(std::string(kIdentityFile) +
                             " lacks the store's id or generation, or they are damaged");
    }
    std::memcpy(identity.id.bytes.data(), id.value().data(), identity.id.bytes.size());
    identity.generation = *DecodeLittle64(generation.value());
    const Result<MetadataPlace> metadata = ReadMetadataPlace(blobstore, blob);
    if (!metadata.ok()) return metadata.status();
    identity.metadata = metadata.value();
    return identity;
  }
  return Status::NotFound(std::string("no ") + kIdentityFile);
}

std::optional<uint64_t> SpaceFileNumber(const std::string& name) {
  const std::string_view folder = kSpaceFolder;
  if (name.size() <= folder.size() || name.compare(0, folder.size(), folder) != 0) {
    return std::nullopt;
  }
  uint64_t number = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + folder.size(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

std::string SpaceFileName(uint64_t number) { return kSpaceFolder + std::to_string(number); }

}  // namespace ashlar
