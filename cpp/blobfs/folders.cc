#include "cpp/blobfs/folders.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace ashlar {

namespace {

// What the names below a folder begin with.
std::string PrefixOf(std::string_view folder) {
  std::string prefix(folder);
  if (!prefix.ends_with('/')) prefix += '/';
  return prefix;
}

std::string MarkerOf(std::string_view folder) { return PrefixOf(folder) + std::string(kFolderMarker); }

std::string Quoted(std::string_view path) { return "\"" + std::string(path) + "\""; }

}  // namespace

std::string AbsolutePath(std::string_view path) {
  std::string absolute;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      absolute.resize(std::min(absolute.rfind('/'), absolute.size()));
    } else {
      absolute.append("/").append(part);
    }
  }
  return absolute.empty() ? "/" : absolute;
}

bool Folders::IsFolder(std::string_view path) const { return fs_.IsDirectory(path); }

Result<std::vector<FolderEntry>> Folders::List(std::string_view path) const {
  if (!IsFolder(path)) return Status::NotFound("there is no folder " + Quoted(path));
  const std::string prefix = PrefixOf(path);
  std::vector<FolderEntry> entries;
  // Ascending names keep what is below one child together.
  for (const std::string& name : fs_.List(prefix)) {
    const std::string_view rest = std::string_view(name).substr(prefix.size());
    const size_t slash = rest.find('/');
    const std::string_view child = rest.substr(0, slash);
    const bool is_folder = slash != std::string_view::npos;
    if (!is_folder && child == kFolderMarker) continue;
    if (entries.empty() || entries.back().name != child) {
      entries.push_back({std::string(child), is_folder});
    }
  }
  return entries;
}

Status Folders::Make(std::string_view path) {
  if (fs_.Exists(path) || IsFolder(path)) {
    return Status::AlreadyExists(Quoted(path) + " is there already", EEXIST);
  }
  Result<std::unique_ptr<File>> marker = fs_.Open(MarkerOf(path), {.mode = OpenMode::kCreateNew});
  return marker.ok() ? marker.value()->Close() : marker.status();
}

Status Folders::Remove(std::string_view path) {
  if (path == "/") return Status::InvalidArgument("the root cannot be removed");
  const Result<std::vector<FolderEntry>> entries = List(path);
  if (!entries.ok()) return entries.status();
  if (!entries.value().empty()) {
    return Status::IoError("folder " + Quoted(path) + " is not empty", ENOTEMPTY);
  }
  return fs_.Delete(MarkerOf(path));
}

Status Folders::Rename(std::string_view from, std::string_view to, std::string_view last) {
  if (fs_.Exists(from)) {
    if (IsFolder(to)) return Status::IoError(Quoted(to) + " is a folder", EISDIR);
    return fs_.Rename(from, to);
  }
  if (from == "/" || !IsFolder(from)) {
    return Status::NotFound("there is neither a file nor a folder " + Quoted(from), ENOENT);
  }
  return from == to ? Status::Ok() : RenameFolder(from, to, last);
}

Status Folders::RenameFolder(std::string_view from, std::string_view to, std::string_view last) {
  const std::string from_prefix = PrefixOf(from);
  if (PrefixOf(to).starts_with(from_prefix)) {
    return Status::InvalidArgument("a folder cannot be moved into itself: " + Quoted(to));
  }
  if (fs_.Exists(to)) return Status::IoError(Quoted(to) + " is a file", ENOTDIR);
  if (IsFolder(to)) ASHLAR_RETURN_IF_ERROR(Remove(to));
  std::vector<std::string> names = fs_.List(from_prefix);
  std::stable_partition(names.begin(), names.end(), [&](const std::string& name) {
    return std::string_view(name).substr(name.rfind('/') + 1) != last;
  });
  for (const std::string& name : names) {
    ASHLAR_RETURN_IF_ERROR(fs_.Rename(name, PrefixOf(to) + name.substr(from_prefix.size())));
  }
  return Status::Ok();
}

}  // namespace ashlar
