// Status and Result: how every fallible call of the core reports its outcome.
//
// A Status is a code from status_codes.def, the errno behind it when there is one, and a sentence
// that names the value at fault and the remedy. The success value carries no allocation. Nothing in
// the core throws: we live in someone else's process.
//
// Thread-safety: a Status is a value; distinct objects may be used from distinct threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ashlar {

enum class StatusCode : int32_t {
#define ASHLAR_STATUS(name, number, text) k##name = number,
#include "ashlar/status_codes.def"
#undef ASHLAR_STATUS
};

// The text of a code, such as "out of space"; "unknown status" for a number outside the table.
std::string_view StatusCodeText(StatusCode code);

class [[nodiscard]] Status {
 public:
  Status() = default;  // success
  explicit Status(StatusCode code, std::string context = {}, int sys_errno = 0)
      : code_(code), sys_errno_(sys_errno), context_(std::move(context)) {}

#define ASHLAR_STATUS(name, number, text)                              \
  static Status name(std::string context = {}, int sys_errno = 0) {    \
    return Status(StatusCode::k##name, std::move(context), sys_errno); \
  }
#include "ashlar/status_codes.def"
#undef ASHLAR_STATUS

  // An IoError (or the closest better code: ENOSPC, EBUSY, ENOMEM, ENOENT, EEXIST, EROFS) from a
  // positive errno value.
  static Status FromErrno(int sys_errno, std::string context);

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  int sys_errno() const { return sys_errno_; }
  const std::string& context() const { return context_; }

  // "I/O error: write of 4096 bytes at 8192: Input/output error (errno 5)".
  std::string ToString() const;

 private:
  StatusCode code_ = StatusCode::kOk;
  int sys_errno_ = 0;
  std::string context_;
};

// A value or the Status that says why there is none. value() on a failure is a programming error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<1>, std::move(value)) {}         // NOLINT: implicit
  Result(Status status) : state_(std::in_place_index<0>, std::move(status)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 1; }
  Status status() const { return ok() ? Status() : *std::get_if<0>(&state_); }
  T& value() & { return *std::get_if<1>(&state_); }
  const T& value() const& { return *std::get_if<1>(&state_); }
  T&& value() && { return std::move(*std::get_if<1>(&state_)); }
  T* operator->() { return std::get_if<1>(&state_); }
  T& operator*() & { return value(); }

 private:
  std::variant<Status, T> state_;
};

}  // namespace ashlar

// Returns from the enclosing function when `expression` (a Status) failed.
#define ASHLAR_RETURN_IF_ERROR(expression)                        \
  do {                                                            \
    if (::ashlar::Status status_ = (expression); !status_.ok()) { \
      return status_;                                             \
    }                                                             \
  } while (0)
