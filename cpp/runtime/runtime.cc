#include "cpp/runtime/runtime.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <thread>

#include "cpp/device/spdk_library.h"

namespace ashlar {

namespace {

constexpr uint32_t kMaxReactors = 64;
constexpr uint64_t kMaxSpinNs = 1'000'000'000;

std::mutex current_mutex;
std::weak_ptr<Runtime> current_runtime;

Status Validate(const RuntimeOptions& options) {
  if (options.reactors > kMaxReactors) {
    return Status::InvalidArgument("reactors is " + std::to_string(options.reactors) +
                                   "; give 1 to " + std::to_string(kMaxReactors) +
                                   ", or 0 for the default");
  }
  if (options.spin_ns > kMaxSpinNs) {
    return Status::InvalidArgument("spin_ns is " + std::to_string(options.spin_ns) +
                                   "; give at most " + std::to_string(kMaxSpinNs));
  }
  switch (options.idle_policy) {
    case IdlePolicy::kAdaptive:
    case IdlePolicy::kBusy:
    case IdlePolicy::kInterrupt:
      return Status::Ok();
  }
  return Status::InvalidArgument(
      "idle_policy is " + std::to_string(static_cast<int>(options.idle_policy)) + "; give 0 to 2");
}

bool Same(const RuntimeOptions& a, const RuntimeOptions& b) {
  return a.reactors == b.reactors && a.idle_policy == b.idle_policy && a.spin_ns == b.spin_ns;
}

}  // namespace

uint32_t DefaultReactorCount() {
  return std::clamp(std::thread::hardware_concurrency() / 2, 1u, 4u);
}

Result<std::shared_ptr<Runtime>> Runtime::Acquire(const RuntimeOptions& options) {
  ASHLAR_RETURN_IF_ERROR(Validate(options));
  RuntimeOptions wanted = options;
  const std::vector<int> cores = SpdkCores();
  if (wanted.reactors == 0) {
    wanted.reactors = cores.empty() ? DefaultReactorCount() : 
        static_cast<uint32_t>(std::min<size_t>(cores.size(), kMaxReactors));
  }

  std::lock_guard<std::mutex> lock(current_mutex);
  if (std::shared_ptr<Runtime> running = current_runtime.lock()) {
    if (!Same(options, RuntimeOptions()) && !Same(wanted, running->options_)) {
      return Status::InvalidArgument(
          "a runtime with " + std::to_string(running->options_.reactors) +
          " reactors already runs in this process with other options; close its stores first or "
          "ask for the same options");
    }
    return running;
  }
  std::shared_ptr<Runtime> runtime(new Runtime(wanted));
  for (uint32_t i = 0; i < wanted.reactors; ++i) {
    Result<std::unique_ptr<Reactor>> reactor = Reactor::Start(i, wanted);
    if (!reactor.ok()) return reactor.status();
    if (!cores.empty()) ASHLAR_RETURN_IF_ERROR((*reactor)->Pin(cores[i % cores.size()]));
    runtime->reactors_.push_back(std::move(reactor).value());
  }
  current_runtime = runtime;
  return runtime;
}

Runtime::~Runtime() = default;

}  // namespace ashlar
