#include "cpp/fuse/tree/status_errno.h"

#include <cerrno>

namespace ashlar {

int ErrnoOf(const Status& status) {
  if (status.sys_errno() != 0) return status.sys_errno();
  switch (status.code()) {
    case StatusCode::kOk:
      return 0;
    case StatusCode::kInvalidArgument:
      return EINVAL;
    case StatusCode::kNotFound:
      return ENOENT;
    case StatusCode::kAlreadyExists:
      return EEXIST;
    case StatusCode::kOutOfSpace:
      return ENOSPC;
    case StatusCode::kBusy:
      return EBUSY;
    case StatusCode::kNotSupported:
      return EOPNOTSUPP;
    case StatusCode::kOutOfMemory:
      return ENOMEM;
    case StatusCode::kReadOnly:
      return EROFS;
    case StatusCode::kChecksumMismatch:
    case StatusCode::kCorrupt:
    case StatusCode::kIoError:
    case StatusCode::kClosed:
    case StatusCode::kWrongFormat:
      return EIO;
  }
  return EIO;
}

}  // namespace ashlar
