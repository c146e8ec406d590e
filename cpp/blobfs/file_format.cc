#include "cpp/blobfs/file_format.h"

#include <bit>

#include "cpp/base/encoding.h"
#include "cpp/blobfs/blobfs.h"
#include "cpp/blobfs/log_format.h"

namespace ashlar {

namespace {

constexpr char kName[] = "name";
constexpr char kLength[] = "length";
constexpr char kDeleted[] = "is_deleted";
constexpr char kId[] = "ashlar.id";
constexpr char kGeneration[] = "ashlar.generation";
constexpr char kMtime[] = "ashlar.mtime";

// The value of kLogXattrName.
constexpr uint32_t kLogVersion = 1;
constexpr size_t kLogBytes = 32;
constexpr size_t kLogUnitAt = 4;
constexpr size_t kLogIdAt = 8;
constexpr size_t kLogKnownAt = 16;
constexpr size_t kLogSessionAt = 24;
constexpr size_t kLogFlagsAt = 28;
constexpr uint32_t kLogSealed = 1;

std::string Encode64(uint64_t value) {
  std::string bytes(sizeof(value), '\0');
  StoreLittle(bytes.data(), value);
  return bytes;
}

Status Decode64(const Xattr& xattr, uint64_t* value) {
  if (xattr.value.size() != sizeof(*value)) {
    return Status::Corrupt("its xattr '" + xattr.name + "' has " +
                           std::to_string(xattr.value.size()) + " bytes instead of 8");
  }
  *value = LoadLittle<uint64_t>(xattr.value.data());
  return Status::Ok();
}

Status DecodeName(const Xattr& xattr, std::string* name) {
  const std::string& value = xattr.value;
  if (value.size() < 2 || value.find('\0') != value.size() - 1) {
    return Status::Corrupt("its name is empty or no C string");
  }
  name->assign(value, 0, value.size() - 1);
  return Status::Ok();
}

Status DecodeLog(const Xattr& xattr, std::optional<LogMetadata>* log) {
  if (xattr.value.size() != kLogBytes) {
    return Status::Corrupt("its xattr 'ashlar.log' has " + std::to_string(xattr.value.size()) +
                           " bytes instead of 32");
  }
  const char* bytes = xattr.value.data();
  const auto version = LoadLittle<uint32_t>(bytes);
  LogMetadata decoded;
  decoded.unit_bytes = LoadLittle<uint32_t>(bytes + kLogUnitAt);
  if (version != kLogVersion || !std::has_single_bit(decoded.unit_bytes) ||
      decoded.unit_bytes < kMinLogUnitBytes || decoded.unit_bytes > kMaxLogUnitBytes) {
    return Status::Corrupt("a log of version " + std::to_string(version) + " with units of " +
                           std::to_string(decoded.unit_bytes) + " bytes is not known");
  }
  decoded.log_id = LoadLittle<uint64_t>(bytes + kLogIdAt);
  decoded.known_bytes = LoadLittle<uint64_t>(bytes + kLogKnownAt);
  decoded.session = LoadLittle<uint32_t>(bytes + kLogSessionAt);
  decoded.sealed = (LoadLittle<uint32_t>(bytes + kLogFlagsAt) & kLogSealed) != 0;
  *log = decoded;
  return Status::Ok();
}

}  // namespace

Framing FileMetadata::framing() const { return log ? LogFraming(log->unit_bytes) : Framing(); }

Xattr NameXattr(std::string_view name) { return {kName, std::string(name) + '\0'}; }
Xattr LengthXattr(uint64_t length_bytes) { return {kLength, Encode64(length_bytes)}; }
Xattr DeletedXattr() { return {kDeleted, std::string(1, '\1')}; }
Xattr GenerationXattr(uint64_t generation) { return {kGeneration, Encode64(generation)}; }
Xattr MtimeXattr(uint64_t mtime_us) { return {kMtime, Encode64(mtime_us)}; }

Xattr LogXattr(const LogMetadata& log) {
  std::string value(kLogBytes, '\0');
  StoreLittle(value.data(), kLogVersion);
  StoreLittle(value.data() + kLogUnitAt, log.unit_bytes);
  StoreLittle(value.data() + kLogIdAt, log.log_id);
  StoreLittle(value.data() + kLogKnownAt, log.known_bytes);
  StoreLittle(value.data() + kLogSessionAt, log.session);
  StoreLittle(value.data() + kLogFlagsAt, log.sealed ? kLogSealed : 0u);
  return {kLogXattrName, std::move(value)};
}

std::vector<Xattr> EncodeFileMetadata(const FileMetadata& file) {
  std::vector<Xattr> xattrs = {NameXattr(file.name), LengthXattr(file.length_bytes)};
  if (file.deleted) xattrs.push_back(DeletedXattr());
  if (file.id.value != 0) xattrs.push_back({kId, Encode64(file.id.value)});
  if (file.generation != 0) xattrs.push_back(GenerationXattr(file.generation));
  if (file.mtime_us != 0) xattrs.push_back(MtimeXattr(file.mtime_us));
  if (file.log) xattrs.push_back(LogXattr(*file.log));
  return xattrs;
}

Result<FileMetadata> DecodeFileMetadata(const std::vector<Xattr>& xattrs) {
  FileMetadata file;
  bool has_length = false;
  for (const Xattr& xattr : xattrs) {
    Status status;
    if (xattr.name == kName) {
      status = DecodeName(xattr, &file.name);
    } else if (xattr.name == kLength) {
      status = Decode64(xattr, &file.length_bytes);
      has_length = true;
    } else if (xattr.name == kDeleted) {
      file.deleted = true;
    } else if (xattr.name == kId) {
      status = Decode64(xattr, &file.id.value);
    } else if (xattr.name == kGeneration) {
      status = Decode64(xattr, &file.generation);
    } else if (xattr.name == kMtime) {
      status = Decode64(xattr, &file.mtime_us);
    } else if (xattr.name == kLogXattrName) {
      status = DecodeLog(xattr, &file.log);
    }
    if (!status.ok()) return status;
  }
  if (file.name.empty()) return Status::Corrupt("it has no name");
  if (!has_length) return Status::Corrupt("it has no length");
  return file;
}

Status CheckFileName(std::string_view name) {
  const auto refuse = [&](const std::string& why) {
    return Status::InvalidArgument("'" + std::string(name) + "' is no name for a file: " + why);
  };
  if (name.size() > BlobFs::kMaxNameBytes) {
    return refuse("it has " + std::to_string(name.size()) + " bytes, at most 255 are allowed");
  }
  if (name.empty() || name.front() != '/') return refuse("it does not begin with '/'");
  if (name.back() == '/') return refuse("it ends with '/'");
  if (name.find("//") != std::string_view::npos) return refuse("it has an empty part");
  if (name.find('\0') != std::string_view::npos) return refuse("it contains a zero byte");
  if (name.starts_with(kReservedFolder) || name == "/.ashlar") {
    return refuse("/.ashlar is reserved");
  }
  return Status::Ok();
}

}  // namespace ashlar
