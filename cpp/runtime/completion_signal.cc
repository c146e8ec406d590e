#include "cpp/runtime/completion_signal.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

namespace ashlar {

Result<std::unique_ptr<CompletionSignal>> CompletionSignal::Create(uint32_t* drainer_waiting) {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return Status::FromErrno(errno, "eventfd for completions");
  return std::unique_ptr<CompletionSignal>(new CompletionSignal(drainer_waiting, fd));
}

CompletionSignal::~CompletionSignal() { close(fd_); }

void CompletionSignal::Interrupt() {
  const uint64_t one = 1;
  // EAGAIN means that the counter is already non-zero: the waiter will return.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof(one));
}

void CompletionSignal::AnnounceWake() {
  uint64_t count;
  [[maybe_unused]] const ssize_t n = read(fd_, &count, sizeof(count));
}

}  // namespace ashlar
