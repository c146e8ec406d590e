#include "cpp/rocksdb/plugin/io_status.h"

#include "ashlar/status.h"

namespace ashlar::rocks {

rocksdb::IOStatus ToFailure(const char* what, const std::string& path, const Error& error) {
  using rocksdb::IOStatus;
  const std::string message = std::string(what) + ": " + path;
  switch (static_cast<StatusCode>(error.code)) {
    case StatusCode::kNotFound:
      return IOStatus::PathNotFound(message, error.text);
    case StatusCode::kOutOfSpace: {
      IOStatus status = IOStatus::NoSpace(message, error.text);
      status.SetRetryable(true);
      return status;
    }
    case StatusCode::kBusy:
      return IOStatus::Busy(message, error.text);
    case StatusCode::kNotSupported:
      return IOStatus::NotSupported(message, error.text);
    case StatusCode::kInvalidArgument:
      return IOStatus::InvalidArgument(message, error.text);
    case StatusCode::kChecksumMismatch:
    case StatusCode::kCorrupt: {
      IOStatus status = IOStatus::IOError(message, error.text);
      status.SetDataLoss(true);
      status.SetScope(IOStatus::kIOErrorScopeFile);
      return status;
    }
    default:
      return IOStatus::IOError(message, error.text);
  }
}

}  // namespace ashlar::rocks
