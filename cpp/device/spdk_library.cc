#include "cpp/device/spdk_library.h"

#include <dlfcn.h>

#include <atomic>
#include <csignal>
#include <mutex>

#include "cpp/base/page_memory.h"
#include "cpp/device/spdk_api.h"

namespace ashlar {

namespace {

// Never unloaded.
std::atomic<const SpdkApi*> loaded_api{nullptr};
std::mutex load_mutex;
PageMemorySource dma_memory;

const SpdkApi* Api() { return loaded_api.load(std::memory_order_acquire); }

Status NotLoaded() {
  return Status::NotSupported(
      "SPDK is not loaded: build Ashlar with ASHLAR_SPDK=ON (Maven: -Dashlar.spdk=ON) where SPDK "
      "is installed, and start SPDK first");
}

Status NotRunning(const std::string& what) {
  return Status::Closed(what + " needs SPDK, which does not run in this process: start it first");
}

// SPDK takes SIGBUS for itself when it is loaded, which belongs to whoever had it: a JVM turns it
// into an exception.
class SignalKept {
 public:
  explicit SignalKept(int signal) : signal_(signal) { sigaction(signal_, nullptr, &action_); }
  ~SignalKept() { sigaction(signal_, &action_, nullptr); }
  SignalKept(const SignalKept&) = delete;
  SignalKept& operator=(const SignalKept&) = delete;

 private:
  const int signal_;
  struct sigaction action_ {};
};

}  // namespace

Status LoadSpdk(const std::string& file) {
  std::lock_guard<std::mutex> lock(load_mutex);
  if (Api() != nullptr) return Status::Ok();
  const SignalKept sigbus(SIGBUS);
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    return Status::NotSupported(std::string("SPDK cannot be loaded: ") +
                                (why == nullptr ? file.c_str() : why) +
                                "; install the SPDK and DPDK that Ashlar was built with");
  }
  const auto function = reinterpret_cast<SpdkApiFunction>(dlsym(library, kSpdkApiSymbol));
  const SpdkApi* api = function == nullptr ? nullptr : function();
  if (api == nullptr || api->version != kSpdkApiVersion) {
    return Status::NotSupported(file + " is of another version of Ashlar");
  }
  dma_memory = {api->allocate, api->free};
  loaded_api.store(api, std::memory_order_release);
  return Status::Ok();
}

Result<SpdkReference> SpdkReference::Start(const SpdkOptions& options) {
  const SpdkApi* api = Api();
  if (api == nullptr) return NotLoaded();
  ASHLAR_RETURN_IF_ERROR(api->start(options));
  SetPageMemorySource(&dma_memory);
  return SpdkReference(true);
}

void SpdkReference::Release() {
  if (std::exchange(held_, false)) Api()->stop();
}

bool IsSpdkRunning() {
  const SpdkApi* api = Api();
  return api != nullptr && api->running();
}

std::vector<int> SpdkCores() {
  const SpdkApi* api = Api();
  return api == nullptr ? std::vector<int>() : api->cores();
}

Result<SpdkReply> CallSpdk(const std::string& method, const std::string& params) {
  const SpdkApi* api = Api();
  if (api == nullptr) return NotRunning(method);
  return api->call(method, params);
}

Result<std::unique_ptr<Device>> OpenSpdkDevice(const DeviceSpec& spec) {
  const SpdkApi* api = Api();
  if (api == nullptr) return NotRunning("bdev " + spec.path);
  return api->open(spec);
}

}  // namespace ashlar
