// A program that a test runs beside itself.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "ashlar/status.h"
#include "cpp/device/unique_fd.h"

namespace ashlar {

// Killed, if it still runs, when its owner goes.
class ChildProcess {
 public:
  // Its standard input, output and error are pipes.
  static Result<ChildProcess> Start(const std::vector<std::string>& words);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  // The next line of its standard output, without the end of line; "" at the end. Waits for it.
  std::string ReadLine();
  // The next line of its standard error; likewise.
  std::string ReadErrorLine();
  void CloseInput() { input_ = UniqueFd(); }
  void Signal(int signal) const;
  // Its exit code, or minus the signal that ended it.
  int Wait();

 private:
  ChildProcess(pid_t pid, UniqueFd input, UniqueFd output, UniqueFd error);

  pid_t pid_;
  UniqueFd input_;
  UniqueFd output_;
  UniqueFd error_;
};

}  // namespace ashlar
