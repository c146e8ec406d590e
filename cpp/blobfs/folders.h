// Folders over the flat names of a BlobFs, for those whose programs think in folders.
//
// A folder is there as long as some name lies below it. So that an empty one can be, a folder that
// is made gets a marker, an empty file named ".folder" in it, which no listing shows. To SPDK it is
// a file like any other.
//
// Paths are taken in any spelling and brought into the one that BlobFS knows. Parents need not
// exist. Threads: as BlobFs; two threads that make and remove the same folder at once may both
// succeed, in either order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/status.h"
#include "cpp/blobfs/blobfs.h"

namespace ashlar {

// Absolute, without empty parts, "." and "..": "db//x/../y/" is "/db/y". What is above the root is
// the root. Names below it are not looked at.
std::string AbsolutePath(std::string_view path);

// The marker of a folder; no other file should have this name.
inline constexpr std::string_view kFolderMarker = ".folder";

struct FolderEntry {
  std::string name;  // without a slash
  bool is_folder = false;
};

// All paths are absolute. NotFound and the errors of BlobFs apply throughout.
class Folders {
 public:
  explicit Folders(BlobFs& fs) : fs_(fs) {}

  bool IsFolder(std::string_view path) const;

  // What lies directly in a folder, ascending.
  Result<std::vector<FolderEntry>> List(std::string_view path) const;

  // AlreadyExists: a file or a folder has that name.
  Status Make(std::string_view path);
  // IoError with ENOTEMPTY, if anything is in it; InvalidArgument for the root.
  Status Remove(std::string_view path);

  // A file by one atomic step. A folder file by file: a crash leaves some of its files below the
  // old name and some below the new one, files named `last` being moved after all others. The new
  // folder must not exist or be empty, and must not lie in the old one.
  Status Rename(std::string_view from, std::string_view to, std::string_view last);

 private:
  Status RenameFolder(std::string_view from, std::string_view to, std::string_view last);

  BlobFs& fs_;
};

}  // namespace ashlar
