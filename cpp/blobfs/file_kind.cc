#include "cpp/blobfs/file_kind.h"

namespace ashlar {

namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

FileKind KindOf(std::string_view name) {
  constexpr std::string_view kManifest = "MANIFEST-";
  constexpr std::string_view kLog = ".log";
  name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
  const bool manifest = name.starts_with(kManifest) && IsNumber(name.substr(kManifest.size()));
  const bool log = name.ends_with(kLog) && IsNumber(name.substr(0, name.size() - kLog.size()));
  return manifest || log ? FileKind::kLog : FileKind::kData;
}

}  // namespace ashlar
