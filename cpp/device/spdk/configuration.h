// SPDK's JSON configuration: {"subsystems": [{"subsystem": NAME, "config": [{"method": METHOD,
// "params": {...}}, ...]}, ...]}. Each method is one of rpc, called before or after the subsystems
// are initialised, as it allows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ashlar/status.h"
#include "cpp/device/spdk/rpc.h"

namespace ashlar::spdk {

class Configuration {
 public:
  // An empty text has no methods. InvalidArgument: no JSON, or not of this shape.
  static Result<Configuration> Parse(const std::string& text);

  // Calls the methods that belong before (SPDK_RPC_STARTUP) or after (SPDK_RPC_RUNTIME) the
  // initialisation. InvalidArgument: SPDK has no such method, or it failed.
  Status Apply(Rpc& rpc, uint32_t state) const;

 private:
  struct Entry {
    std::string method;
    std::string params;
  };
  std::vector<Entry> entries_;
};

}  // namespace ashlar::spdk
