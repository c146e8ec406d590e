// SPDK's own rpc methods, called from within the process. SPDK keeps them in a list of its own and
// answers them on a socket only, so there is one in a folder that only this user can enter.
//
// Threads: Open and Close one at a time, calls from any but the app thread.
#pragma once

#include <memory>
#include <string>

#include "ashlar/spdk.h"
#include "ashlar/status.h"
#include "cpp/device/spdk/app_thread.h"

namespace ashlar::spdk {

class Rpc {
 public:
  static Result<std::unique_ptr<Rpc>> Open(AppThread& app);
  ~Rpc();
  Rpc(const Rpc&) = delete;
  Rpc& operator=(const Rpc&) = delete;

  // Returns when SPDK has answered. InvalidArgument: `params` is neither empty nor a JSON object or
  // array.
  Result<SpdkReply> Call(const std::string& method, const std::string& params);

 private:
  explicit Rpc(AppThread& app) : app_(app) {}

  AppThread& app_;
  std::string folder_;
  std::string socket_;
};

}  // namespace ashlar::spdk
