// The one runtime of a process: its reactors, shared by every store that is open.
#pragma once

#include <memory>
#include <vector>

#include "ashlar/options.h"
#include "ashlar/status.h"
#include "cpp/runtime/reactor.h"

namespace ashlar {

class Runtime {
 public:
  // The running runtime, or a new one with `options` when there is none. It stops when the last
  // reference goes. Options that differ from those it runs with are refused with InvalidArgument;
  // the defaults always fit. Any thread but a reactor's.
  static Result<std::shared_ptr<Runtime>> Acquire(const RuntimeOptions& options);

  ~Runtime();

  size_t reactor_count() const { return reactors_.size(); }
  Reactor& reactor(size_t index) { return *reactors_[index]; }
  const RuntimeOptions& options() const { return options_; }

 private:
  explicit Runtime(const RuntimeOptions& options) : options_(options) {}

  RuntimeOptions options_;
  std::vector<std::unique_ptr<Reactor>> reactors_;
};

// Half the cores, at least 1, at most 4.
uint32_t DefaultReactorCount();

}  // namespace ashlar
