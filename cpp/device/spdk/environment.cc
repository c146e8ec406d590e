#include "cpp/device/spdk/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "cpp/base/units.h"
#include "cpp/device/core_list.h"
#include "cpp/device/huge_pages.h"
#include "cpp/device/spdk/compat.h"
#include "cpp/device/spdk/interrupt_mode.h"
#include "cpp/device/spdk/log.h"
#include "cpp/device/spdk/spdk_device.h"

// Of DPDK's rte_eal.h, for which the compiler would need DPDK's own options.
extern "C" const char* rte_eal_get_runtime_dir();

namespace ashlar::spdk {

namespace {

constexpr uint32_t kMinMemoryMib = 64;
constexpr uint32_t kMaxMemoryMib = 1u << 20;
constexpr uint32_t kDefaultMemoryMib = 512;
// What SPDK's pools take in any case.
constexpr uint64_t kLeastHugeBytes = 256 * kMiB;

Status WithErrors(std::string what) {
  const std::string errors = Errors();
  if (!errors.empty()) what.append(" (").append(errors).append(")");
  return Status::NotSupported(std::move(what));
}

Status Validate(const SpdkOptions& options) {
  if (options.memory_mib != 0 &&
      (options.memory_mib < kMinMemoryMib || options.memory_mib > kMaxMemoryMib)) {
    return Status::InvalidArgument("memory_mib is " + std::to_string(options.memory_mib) +
                                   "; give 64 to 1048576, or 0 for the default");
  }
  if (!options.huge_pages && !options.huge_dir.empty()) {
    return Status::InvalidArgument("huge_dir is " + options.huge_dir +
                                   ", but huge pages are not wanted");
  }
  return Status::Ok();
}

bool SameEnvironment(const SpdkOptions& a, const SpdkOptions& b) {
  return a.core_mask == b.core_mask && a.memory_mib == b.memory_mib &&
         a.huge_pages == b.huge_pages && a.huge_dir == b.huge_dir && a.interrupts == b.interrupts;
}

// DPDK makes a folder for this process in /var/run/dpdk (or XDG_RUNTIME_DIR), puts nothing into it
// because SPDK shares its memory with no other process, and leaves it behind.
void RemoveRuntimeFolder() {
  const char* folder = rte_eal_get_runtime_dir();
  if (folder != nullptr) rmdir(folder);
}

// Before SPDK's threads; it holds for the whole process.
void EnableInterrupts(const SpdkOptions& options) {
  if (!options.interrupts.value_or(!kInterruptsConcernNvme)) {
    Say("SPDK's interrupt mode is off: bdevs are polled while something is in flight, and looked "
        "after every 10 ms when nothing is");
  } else if (!InterruptMode::IsSupported() || !InterruptMode::Enable()) {
    Say("SPDK's interrupt mode needs membarrier (Linux 4.14, not forbidden): bdevs are polled");
  }
}

std::string Describe(const SpdkOptions& options) {
  return "core_mask \"" + options.core_mask + "\", memory_mib " +
         std::to_string(options.memory_mib) +
         (options.huge_pages ? ", huge pages \"" + options.huge_dir + "\"" : ", no huge pages") +
         (!options.interrupts   ? ""
          : *options.interrupts ? ", interrupts"
                                : ", no interrupts");
}

}  // namespace

Environment& Environment::The() {
  static auto* environment = new Environment();
  return *environment;
}

// --- start and stop ------------------------------------------------------------------------------

Status Environment::Start(const SpdkOptions& options) {
  std::lock_guard<std::mutex> lock(mutex_);
  ASHLAR_RETURN_IF_ERROR(Validate(options));
  ASHLAR_RETURN_IF_ERROR(CheckFits(options));
  if (rpc_ == nullptr) {
    Result<Configuration> configuration = Configuration::Parse(options.config);
    if (!configuration.ok()) return configuration.status();
    if (!environment_) ASHLAR_RETURN_IF_ERROR(StartEnvironment(options));
    ASHLAR_RETURN_IF_ERROR(StartSubsystems(*configuration));
    options_ = options;
  }
  ++references_;
  return Status::Ok();
}

Status Environment::CheckFits(const SpdkOptions& options) const {
  if (failure_) return *failure_;
  if (rpc_ != nullptr && !(options == options_)) {
    return Status::InvalidArgument(
        "SPDK already runs in this process with other options (" + Describe(options_) +
        (options_.config == options.config ? "" : ", another configuration") +
        "); close what uses it first, or ask for the same options");
  }
  if (environment_ && !SameEnvironment(options, *environment_)) {
    return Status::InvalidArgument("DPDK has been initialised in this process (" +
                                   Describe(*environment_) +
                                   "), which cannot be undone; ask for the same, or start another "
                                   "process");
  }
  return Status::Ok();
}

void Environment::Stop() {
  std::lock_guard<std::mutex> lock(mutex_);
  --references_;
  StopIfUnused();
}

void Environment::StopIfUnused() {
  if (references_ == 0 && open_.empty() && rpc_ != nullptr) StopSubsystems();
}

bool Environment::running() {
  std::lock_guard<std::mutex> lock(mutex_);
  return rpc_ != nullptr;
}

std::vector<int> Environment::cores() {
  std::lock_guard<std::mutex> lock(mutex_);
  return rpc_ == nullptr ? std::vector<int>() : cores_;
}

// --- DPDK ----------------------------------------------------------------------------------------

// What can be known to fail is refused before DPDK is touched, since it cannot be initialised again
// after it has failed.
Status Environment::StartEnvironment(const SpdkOptions& options) {
  if (!options.core_mask.empty()) {
    Result<std::vector<int>> cores = ParseCores(options.core_mask);
    if (!cores.ok()) return cores.status();
    const std::vector<int> allowed = AllowedCores();
    for (const int core : *cores) {
      if (std::find(allowed.begin(), allowed.end(), core) == allowed.end()) {
        return Status::InvalidArgument(
            "core_mask is \"" + options.core_mask + "\", but core " + std::to_string(core) +
            " is not one that this process may run on (" + CoresText(allowed) + ")");
      }
    }
    cores_ = std::move(cores).value();
  } else {
    cores_.clear();
  }
  if (options.huge_pages) {
    const uint64_t wanted = uint64_t{options.memory_mib} * kMiB;
    ASHLAR_RETURN_IF_ERROR(CheckHugePages(std::max(wanted, kLeastHugeBytes), "SPDK"));
  }
  if (app_ == nullptr) {
    Result<AppThread*> app = AppThread::Start();
    if (!app.ok()) return app.status();
    app_ = *app;
  }
  Status status;
  app_->Run([&] { status = InitEnvironment(options); });
  if (status.ok()) {
    environment_ = options;
    wants_dma_memory_.store(options.huge_pages, std::memory_order_release);
  } else {
    failure_ = Status(status.code(), status.context() + "; start another process", 0);
  }
  return status;
}

// On the app thread, whose affinity DPDK sets: to all cores that it may run on anyway.
Status Environment::InitEnvironment(const SpdkOptions& options) {
  OpenLog();
  ClearErrors();
  const std::string cores = "--lcores=0@(" + CoresText(AllowedCores()) + ")";
  // Huge pages without files: they outlive the destructor that takes DPDK down, since threads may
  // still use them, and a process that is killed leaves nothing behind.
  std::string context = "--in-memory";
  spdk_env_opts settings = {};
  SetOptionsSize(&settings);
  spdk_env_opts_init(&settings);
  settings.name = "ashlar";
  settings.core_mask = cores.c_str();
  if (options.huge_pages) {
    settings.env_context = context.data();
  } else {
    UseNoHugePages(&settings, &context);
  }
  if (options.memory_mib != 0) {
    settings.mem_size = static_cast<int>(options.memory_mib);
  } else if (!options.huge_pages) {
    settings.mem_size = kDefaultMemoryMib;
  }
  if (!options.huge_dir.empty()) settings.hugedir = options.huge_dir.c_str();
  const int failure = spdk_env_init(&settings);
  if (failure != 0) {
    return WithErrors("SPDK cannot initialise DPDK: error " + std::to_string(failure) +
                      "; it must have been built for the DPDK that is installed; what DPDK itself "
                      "says is in the standard error stream");
  }
  RemoveRuntimeFolder();
  EnableInterrupts(options);
  if (spdk_thread_lib_init(nullptr, 0) != 0) {
    return WithErrors("SPDK's threads cannot be initialised; give more memory (memory_mib)");
  }
  return app_->BecomeSpdkThread();
}

// --- subsystems ----------------------------------------------------------------------------------

Status Environment::StartSubsystems(const Configuration& configuration) {
  app_->Run([] { spdk_rpc_set_state(SPDK_RPC_STARTUP); });
  Result<std::unique_ptr<Rpc>> rpc = Rpc::Open(*app_);
  if (!rpc.ok()) return rpc.status();
  rpc_ = std::move(rpc).value();
  Status status = configuration.Apply(*rpc_, SPDK_RPC_STARTUP);
  if (!status.ok()) {
    rpc_.reset();
    return status;
  }
  status = InitSubsystems(configuration);
  if (failure_) {
    rpc_.reset();  // subsystems that were not initialised do not end either
  } else if (!status.ok()) {
    StopSubsystems();
  }
  return status;
}

Status Environment::InitSubsystems(const Configuration& configuration) {
  ClearErrors();
  const int failure = app_->Await([](AppThread::Waiter* waiter) {
    spdk_subsystem_init(
        [](int result, void* context) {
          AppThread::Done(static_cast<AppThread::Waiter*>(context), result);
        },
        waiter);
  });
  if (failure != 0) {
    failure_ =
        WithErrors("SPDK's subsystems cannot be initialised: error " + std::to_string(failure) +
                   "; start another process, with more memory (memory_mib)");
    return *failure_;
  }
  app_->Run([] { spdk_rpc_set_state(SPDK_RPC_RUNTIME); });
  ASHLAR_RETURN_IF_ERROR(configuration.Apply(*rpc_, SPDK_RPC_RUNTIME));
  const Result<SpdkReply> examined = rpc_->Call("bdev_wait_for_examine", {});
  return examined.status();
}

void Environment::StopSubsystems() {
  app_->Await([](AppThread::Waiter* waiter) {
    spdk_subsystem_fini(
        [](void* context) { AppThread::Done(static_cast<AppThread::Waiter*>(context), 0); },
        waiter);
  });
  rpc_.reset();
}

// --- use -----------------------------------------------------------------------------------------

// A device that tells when it has been closed.
class Environment::OpenDevice final : public Device {
 public:
  OpenDevice(Environment& environment, std::string name, std::unique_ptr<SpdkDevice> device)
      : environment_(environment), name_(std::move(name)), device_(std::move(device)) {}
  ~OpenDevice() override {
    device_.reset();
    environment_.Close(name_);
  }
  OpenDevice(const OpenDevice&) = delete;
  OpenDevice& operator=(const OpenDevice&) = delete;

  const DeviceInfo& info() const override { return device_->info(); }
  DeviceCounters counters() const override { return device_->counters(); }
  Result<std::unique_ptr<Channel>> OpenChannel() override { return device_->OpenChannel(); }
  Result<std::unique_ptr<Channel>> OpenSharedChannel() override {
    return device_->OpenSharedChannel();
  }

 private:
  Environment& environment_;
  const std::string name_;
  std::unique_ptr<SpdkDevice> device_;
};

Result<std::unique_ptr<Device>> Environment::Open(const DeviceSpec& spec) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (rpc_ == nullptr) {
    return Status::Closed("bdev " + spec.path +
                          " needs SPDK, which does not run in this process: start it first");
  }
  Result<std::unique_ptr<SpdkDevice>> device =
      SpdkDevice::Open(*app_, spec, environment_->huge_pages);
  if (!device.ok()) return device.status();
  const std::string name = (*device)->info().name;  // the path may be an alias
  if (!open_.insert(name).second) {
    return Status::Busy("bdev " + spec.path + " is open in this process");
  }
  return std::unique_ptr<Device>(new OpenDevice(*this, name, std::move(device).value()));
}

void Environment::Close(const std::string& name) {
  std::lock_guard<std::mutex> lock(mutex_);
  open_.erase(name);
  StopIfUnused();
}

Result<SpdkReply> Environment::Call(const std::string& method, const std::string& params) {
  std::shared_ptr<Rpc> rpc;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    rpc = rpc_;
    if (rpc != nullptr) ++references_;
  }
  if (rpc == nullptr) {
    return Status::Closed(method +
                          " needs SPDK, which does not run in this process: start it "
                          "first");
  }
  Result<SpdkReply> reply = rpc->Call(method, params);
  rpc.reset();
  Stop();
  return reply;
}

}  // namespace ashlar::spdk
