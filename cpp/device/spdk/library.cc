// What libashlar_spdk.so exports.
#include "cpp/device/spdk/compat.h"
#include "cpp/device/spdk/environment.h"
#include "cpp/device/spdk/process_exit.h"
#include "cpp/device/spdk_api.h"

namespace ashlar::spdk {

namespace {

constexpr size_t kAlignment = 4096;

const SpdkApi kApi = {
    .version = kSpdkApiVersion,
    .start = [](const SpdkOptions& options) { return Environment::The().Start(options); },
    .stop = [] { Environment::The().Stop(); },
    .running = [] { return Environment::The().running(); },
    .cores = [] { return Environment::The().cores(); },
    .open = [](const DeviceSpec& spec) { return Environment::The().Open(spec); },
    .call = [](const std::string& method,
               const std::string& params) { return Environment::The().Call(method, params); },
    .allocate = [](size_t length_bytes) -> void* {
      if (!Environment::The().wants_dma_memory() || Parked::exiting()) return nullptr;
      return spdk_malloc(length_bytes, kAlignment, nullptr, SPDK_ENV_SOCKET_ID_ANY,
                         SPDK_MALLOC_DMA);
    },
    .free =
        [](void* bytes) {
          if (!Parked::exiting()) spdk_free(bytes);
        },
};

}  // namespace

}  // namespace ashlar::spdk

extern "C" __attribute__((visibility("default"))) const ashlar::SpdkApi* ashlar_spdk_api() {
  return &ashlar::spdk::kApi;
}
