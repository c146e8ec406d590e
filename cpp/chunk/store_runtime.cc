#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

#include "ashlar/store.h"
#include "cpp/chunk/runtime_impl.h"
#include "cpp/chunk/store_table.h"
#include "cpp/runtime/task.h"

namespace ashlar {

namespace {

std::atomic<bool> running{false};

// Runs the function on the reactor and waits.
template <typename Function>
void OnReactor(Reactor& reactor, Function function) {
  BlockOn(reactor, [&]() -> Task<bool> {
    function();
    co_return true;
  });
}

}  // namespace

Status StoreRuntime::Impl::Init(const StoreRuntimeOptions& options) {
  Result<std::shared_ptr<Runtime>> acquired = Runtime::Acquire(options.reactors);
  if (!acquired.ok()) return acquired.status();
  runtime = std::move(acquired).value();
  const auto reactors = static_cast<uint32_t>(runtime->reactor_count());
  Result<SharedMemory> shared =
      SharedMemory::Create(reactors + 1, options.op_slots, sizeof(OpSlot));
  if (!shared.ok()) return shared.status();
  memory = std::move(shared).value();
  Result<std::unique_ptr<CompletionSignal>> created =
      CompletionSignal::Create(memory.drainer_waiting());
  if (!created.ok()) return created.status();
  signal = std::move(created).value();

  states = std::vector<OpState>(options.op_slots);
  for (uint32_t i = 0; i < options.op_slots; ++i) {
    states[i].slot_number = i;
    states[i].slot = reinterpret_cast<OpSlot*>(memory.slot(i));
  }
  Result<std::unique_ptr<Reactor>> without_thread =
      Reactor::CreateDriven(reactors, runtime->options());
  if (!without_thread.ok()) return without_thread.status();
  driven = std::move(without_thread).value();
  for (uint32_t i = 0; i <= reactors; ++i) {
    Result<std::unique_ptr<PageBuffers>> buffers =
        PageBuffers::Create(options.buffer_bytes / (reactors + 1));
    if (!buffers.ok()) return buffers.status();
    auto op_reactor =
        std::make_unique<OpReactor>(i < reactors ? runtime->reactor(i) : *driven, memory, *signal,
                                    states, std::move(buffers).value());
    if (i < reactors) {
      ops.push_back(std::move(op_reactor));
    } else {
      driven_ops = std::move(op_reactor);
    }
  }
  for (const auto& op_reactor : ops) {
    Reactor& reactor = op_reactor->reactor();
    OnReactor(reactor, [&] { reactor.AddPoller(&op_reactor->port()); });
  }
  driven->RunHere([this] {
    driven->AddPoller(&driven_ops->port());
    driven->AddPoller(signal.get());
  });
  return Status::Ok();
}

void StoreRuntime::Impl::RemovePorts() {
  for (const auto& op_reactor : ops) {
    Reactor& reactor = op_reactor->reactor();
    OnReactor(reactor, [&] { reactor.RemovePoller(&op_reactor->port()); });
  }
}

StoreRuntime::StoreRuntime(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::shared_ptr<StoreRuntime>> StoreRuntime::Start(const StoreRuntimeOptions& options) {
  if (running.exchange(true)) {
    return Status::AlreadyExists("the runtime of this process is running; stop it first");
  }
  auto impl = std::make_unique<Impl>();
  const Status status = impl->Init(options);
  if (!status.ok()) {
    impl.reset();
    running.store(false);
    return status;
  }
  return std::shared_ptr<StoreRuntime>(new StoreRuntime(std::move(impl)));
}

void StoreRuntime::Stop() {
  {
    std::lock_guard<std::shared_mutex> lock(impl_->lifecycle);
    if (std::exchange(impl_->stopped, true)) return;
  }
  for (const std::shared_ptr<Store>& store : OpenStores().All()) {
    const Status status = store->Close(false);
    if (status.code() == StatusCode::kClosed) continue;  // somebody else was faster
  }
  impl_->RemovePorts();
  impl_->signal->Interrupt();
  impl_->driven_ops.reset();
  impl_->driven.reset();
  impl_->ops.clear();
  impl_->runtime.reset();
  running.store(false);
}

StoreRuntime::~StoreRuntime() { Stop(); }

uint32_t StoreRuntime::reactors() const { return static_cast<uint32_t>(impl_->ops.size()); }

std::span<uint8_t> StoreRuntime::memory() { return {impl_->memory.data(), impl_->memory.size()}; }

void StoreRuntime::WakeReactor(uint32_t reactor) {
  if (reactor < impl_->ops.size()) impl_->ops[reactor]->reactor().Wake();
  if (reactor == impl_->ops.size()) impl_->driven->Wake();
}

int StoreRuntime::Turn() { return impl_->driven->Turn(); }

void StoreRuntime::AwaitCompletions(int timeout_ms) { impl_->driven->Await(timeout_ms); }

void StoreRuntime::InterruptWait() { impl_->signal->Interrupt(); }

}  // namespace ashlar
