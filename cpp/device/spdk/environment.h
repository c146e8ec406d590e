// SPDK in this process: DPDK's environment, which stays once it is there, and SPDK's subsystems
// with their bdevs, which run as long as somebody has a reference or a device open.
//
// Threads: any but a reactor's.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ashlar/device.h"
#include "ashlar/spdk.h"
#include "ashlar/status.h"
#include "cpp/device/device.h"
#include "cpp/device/spdk/app_thread.h"
#include "cpp/device/spdk/configuration.h"
#include "cpp/device/spdk/rpc.h"

namespace ashlar::spdk {

class Environment {
 public:
  // Never destroyed: memory of DPDK's may be in use to the end.
  static Environment& The();

  // As in spdk_api.h.
  Status Start(const SpdkOptions& options);
  void Stop();
  bool running();
  std::vector<int> cores();
  // Whether memory for I/O is to be DMA memory; cheap.
  bool wants_dma_memory() const { return wants_dma_memory_.load(std::memory_order_acquire); }
  Result<std::unique_ptr<Device>> Open(const DeviceSpec& spec);
  Result<SpdkReply> Call(const std::string& method, const std::string& params);

 private:
  class OpenDevice;

  Environment() = default;

  Status CheckFits(const SpdkOptions& options) const;
  Status StartEnvironment(const SpdkOptions& options);
  Status InitEnvironment(const SpdkOptions& options);
  Status StartSubsystems(const Configuration& configuration);
  Status InitSubsystems(const Configuration& configuration);
  void StopSubsystems();
  void Close(const std::string& name);
  void StopIfUnused();

  std::atomic<bool> wants_dma_memory_{false};
  std::mutex mutex_;  // guards all of the rest
  AppThread* app_ = nullptr;
  std::optional<SpdkOptions> environment_;  // set once DPDK runs, or has failed for good
  std::optional<Status> failure_;           // for good
  std::vector<int> cores_;
  SpdkOptions options_;       // meaningful while it runs
  std::shared_ptr<Rpc> rpc_;  // while it runs
  int references_ = 0;
  std::set<std::string> open_;  // names of bdevs
};

}  // namespace ashlar::spdk
