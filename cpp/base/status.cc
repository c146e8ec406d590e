#include "ashlar/status.h"

#include <cerrno>
#include <cstring>

namespace ashlar {

std::string_view StatusCodeText(StatusCode code) {
  switch (code) {
#define ASHLAR_STATUS(name, number, text) \
  case StatusCode::k##name:               \
    return text;
#include "ashlar/status_codes.def"
#undef ASHLAR_STATUS
  }
  return "unknown status";
}

namespace {

StatusCode CodeOfErrno(int sys_errno) {
  switch (sys_errno) {
    case 0:
      return StatusCode::kOk;
    case ENOSPC:
    case EDQUOT:
      return StatusCode::kOutOfSpace;
    case EBUSY:
      return StatusCode::kBusy;
    case ENOMEM:
      return StatusCode::kOutOfMemory;
    case ENOENT:
      return StatusCode::kNotFound;
    case EEXIST:
      return StatusCode::kAlreadyExists;
    case EROFS:
      return StatusCode::kReadOnly;
    default:
      return StatusCode::kIoError;
  }
}

}  // namespace

Status Status::FromErrno(int sys_errno, std::string context) {
  return Status(CodeOfErrno(sys_errno), std::move(context), sys_errno);
}

std::string Status::ToString() const {
  std::string text(StatusCodeText(code_));
  if (!context_.empty()) {
    text.append(": ").append(context_);
  }
  if (sys_errno_ != 0) {
    char buffer[128];
    text.append(": ").append(strerror_r(sys_errno_, buffer, sizeof(buffer)));
    text.append(" (errno ").append(std::to_string(sys_errno_)).append(")");
  }
  return text;
}

}  // namespace ashlar
