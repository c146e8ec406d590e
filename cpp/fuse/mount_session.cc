#include "cpp/fuse/mount_session.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "cpp/device/unique_fd.h"
#include "cpp/fuse/mount_point.h"
#include "cpp/fuse/request_loop.h"

namespace ashlar {

namespace {

constexpr int kRetryMs = 200;
// Wakes the threads that wait for requests; it is not among the signals that end a mount.
constexpr int kWakeSignal = SIGUSR1;

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

// libfuse says why in its log only.
class FuseLog {
 public:
  static void Install() { fuse_set_log_func(&FuseLog::Write); }

  // What was logged since the last call, in one line.
  static std::string Take() {
    std::lock_guard<std::mutex> lock(Mutex());
    std::string text = std::exchange(Text(), "");
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }

 private:
  static std::mutex& Mutex() {
    static auto* mutex = new std::mutex();
    return *mutex;
  }
  static std::string& Text() {
    static auto* text = new std::string();
    return *text;
  }

  __attribute__((format(printf, 2, 0))) static void Write(fuse_log_level /*level*/,
                                                          const char* format, va_list arguments) {
    char line[512];
    std::vsnprintf(line, sizeof(line), format, arguments);
    std::lock_guard<std::mutex> lock(Mutex());
    Text() += line;
  }
};

// Commas end an option of libfuse.
std::string EscapeOption(const std::string& value) {
  std::string escaped;
  for (const char c : value) {
    if (c == ',' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

bool IsReadable(const pollfd& polled) { return (polled.revents & (POLLIN | POLLHUP)) != 0; }

}  // namespace

void MountSession::Destroy::operator()(fuse_session* session) const {
  fuse_session_destroy(session);
}

void MountSession::BlockSignals() {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A reader of our messages that has gone away must not end the mount.
  signal(SIGPIPE, SIG_IGN);
}

MountSession::MountSession(Tree& tree, const MountOptions& options)
    : context_{tree, {getuid(), getgid()}, !options.read_only}, options_(options) {}

Result<std::unique_ptr<MountSession>> MountSession::Start(Tree& tree, const MountOptions& options) {
  std::unique_ptr<MountSession> session(new MountSession(tree, options));
  ASHLAR_RETURN_IF_ERROR(session->Mount());
  return session;
}

Status MountSession::Mount() {
  FuseLog::Install();
  std::string fs_name = "fsname=" + EscapeOption(options_.source);
  std::string mode = options_.read_only ? "ro" : "rw";
  std::vector<std::string> words = {"ashlar",       "-o", fs_name, "-o", "subtype=ashlar",     "-o",
                                    "nosuid,nodev", "-o", mode,    "-o", "default_permissions"};
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  fuse_args arguments = FUSE_ARGS_INIT(static_cast<int>(pointers.size()), pointers.data());
  session_.reset(
      fuse_session_new(&arguments, &MountOperations(), sizeof(fuse_lowlevel_ops), &context_));
  fuse_opt_free_args(&arguments);
  if (session_ == nullptr) return Status::IoError("libfuse: " + FuseLog::Take());
  if (fuse_session_mount(session_.get(), options_.folder.c_str()) != 0) {
    return Status::IoError("mounting " + options_.folder + ": " + FuseLog::Take());
  }
  mounted_ = true;
  return Status::Ok();
}

MountSession::~MountSession() {
  if (!mounted_) return;
  fuse_session_unmount(session_.get());
}

Status MountSession::LoopResult(int result) const {
  if (result == 0) return Status::Ok();
  return Status::FromErrno(result < 0 ? -result : EIO, "serving " + options_.folder);
}

Status MountSession::Serve() {
  RequestLoop loop(session_.get());
  return LoopResult(loop.Run());
}

Status MountSession::ServeUntilSignal(bool watch_input) {
  const sigset_t end_signals = EndSignals();
  const UniqueFd signals(signalfd(-1, &end_signals, SFD_CLOEXEC));
  const UniqueFd finished(eventfd(0, EFD_CLOEXEC));
  if (!signals.valid() || !finished.valid()) return Status::FromErrno(errno, "signalfd");
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};
  sigaction(kWakeSignal, &nothing, nullptr);

  int result = 0;
  RequestLoop loop(session_.get());
  std::thread serving([&loop, &finished, &result] {
    result = loop.Run();
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t told = write(finished.get(), &one, sizeof(one));
  });
  const Status waited = Wait(finished.get(), signals.get(), watch_input, loop);
  serving.join();
  const std::string log = FuseLog::Take();
  if (!log.empty()) std::fprintf(stderr, "%s\n", log.c_str());
  return waited.ok() ? LoopResult(result) : waited;
}

// Until the loop has ended. An unmount makes the kernel end it.
Status MountSession::Wait(int finished, int signals, bool watch_input, RequestLoop& loop) {
  Wish wish = Wish::kServe;
  for (;;) {
    pollfd polled[] = {
        {finished, POLLIN, 0}, {signals, POLLIN, 0}, {watch_input ? STDIN_FILENO : -1, POLLIN, 0}};
    if (poll(polled, 3, wish == Wish::kServe ? -1 : kRetryMs) < 0 && errno != EINTR) {
      return Status::FromErrno(errno, "poll");
    }
    if (IsReadable(polled[0])) return Status::Ok();
    const Wish before = wish;
    if (IsReadable(polled[1])) {
      signalfd_siginfo signal{};
      [[maybe_unused]] const ssize_t taken = read(signals, &signal, sizeof(signal));
      wish = wish == Wish::kServe ? Wish::kUnmount : Wish::kLeave;
    }
    if (IsReadable(polled[2])) {
      char ignored[64];
      if (read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0) {
        watch_input = false;
        if (wish == Wish::kServe) wish = Wish::kUnmount;
      }
    }
    if (wish == Wish::kUnmount) TryToUnmount(before == Wish::kServe);
    if (wish == Wish::kLeave) {
      if (before != Wish::kLeave) TakeWhatIsWritten();
      loop.Exit(kWakeSignal);
    }
  }
}

void MountSession::TakeWhatIsWritten() {
  const UniqueFd folder(open(options_.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.valid()) syncfs(folder.get());
}

void MountSession::TryToUnmount(bool first) {
  const Status unmounted = Unmount(options_.folder);
  if (unmounted.ok() || !first) return;
  if (unmounted.code() != StatusCode::kBusy) {
    std::fprintf(stderr, "%s\n", unmounted.ToString().c_str());
    return;
  }
  std::fprintf(stderr,
               "%s is in use; it will be unmounted when nothing in it is open any more "
               "(fuser -vm %s says who). To do it at once: kill %d\n",
               options_.folder.c_str(), options_.folder.c_str(), static_cast<int>(getpid()));
}

}  // namespace ashlar
