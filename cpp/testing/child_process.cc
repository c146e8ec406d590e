#include "cpp/testing/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ashlar {

namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> NewPipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Status::FromErrno(errno, "pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string ReadLineOf(const UniqueFd& from) {
  std::string line;
  for (char c = 0; read(from.get(), &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

}  // namespace

ChildProcess::ChildProcess(pid_t pid, UniqueFd input, UniqueFd output, UniqueFd error)
    : pid_(pid), input_(std::move(input)), output_(std::move(output)), error_(std::move(error)) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      error_(std::move(other.error_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  Signal(SIGKILL);
  Wait();
}

Result<ChildProcess> ChildProcess::Start(const std::vector<std::string>& words) {
  Result<Pipe> input = NewPipe();
  Result<Pipe> output = NewPipe();
  Result<Pipe> error = NewPipe();
  for (const Result<Pipe>* made : {&input, &output, &error}) {
    if (!made->ok()) return made->status();
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input->read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output->write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error->write.get(), STDERR_FILENO);
  std::vector<std::string> copies = words;
  std::vector<char*> arguments;
  for (std::string& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int failed =
      posix_spawn(&pid, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return Status::FromErrno(failed, "starting " + words[0]);
  return ChildProcess(pid, std::move(input->write), std::move(output->read),
                      std::move(error->read));
}

std::string ChildProcess::ReadLine() { return ReadLineOf(output_); }
std::string ChildProcess::ReadErrorLine() { return ReadLineOf(error_); }

void ChildProcess::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

int ChildProcess::Wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace ashlar
