// Folders of the host that a file system is mounted on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ashlar/status.h"

namespace ashlar {

// What the kernel calls our mounts.
inline constexpr char kMountType[] = "fuse.ashlar";

// One line of /proc/self/mountinfo.
struct MountEntry {
  std::string folder;
  std::string type;
  std::string source;
};

// Nothing if it is no such line.
std::optional<MountEntry> ParseMountInfo(std::string_view line);

// The absolute path of a folder that can be mounted on. A mount of ours whose process was killed is
// taken away first: it answers nothing but ENOTCONN. NotFound: no such folder; Busy: a mount point
// already; IoError: ENOTDIR, ENOTEMPTY or another errno.
Result<std::string> PrepareMountPoint(const std::string& folder);

// Busy: something in it is open.
Status Unmount(const std::string& folder);

// Takes the mount from its folder at once; what is open in it is served until it is closed.
Status Detach(const std::string& folder);

}  // namespace ashlar
