// The inside of StoreRuntime.
#pragma once

#include <memory>
#include <shared_mutex>
#include <vector>

#include "ashlar/store.h"
#include "cpp/chunk/op_reactor.h"
#include "cpp/chunk/op_state.h"
#include "cpp/runtime/completion_signal.h"
#include "cpp/runtime/runtime.h"
#include "cpp/runtime/shared_memory.h"

namespace ashlar {

class StoreRuntime::Impl {
 public:
  // In the order in which they depend on each other: destroyed from the last to the first.
  std::shared_ptr<Runtime> runtime;
  SharedMemory memory;
  std::unique_ptr<CompletionSignal> signal;
  std::vector<OpState> states;
  std::vector<std::unique_ptr<OpReactor>> ops;
  // The reactor that whoever drains the completions drives, with the last port, and its operations.
  // It only reads: no private blob is its own.
  std::unique_ptr<Reactor> driven;
  std::unique_ptr<OpReactor> driven_ops;
  // Shared by those who open a store, exclusive for Stop: no store is opened on what is going.
  std::shared_mutex lifecycle;
  bool stopped = false;

  Status Init(const StoreRuntimeOptions& options);
  // The ports leave their reactors.
  void RemovePorts();
};

}  // namespace ashlar
