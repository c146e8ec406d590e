// SPDK's own rpc methods, called from within the process. SPDK keeps them in a list of its own and
// answers them on a socket only, so there is one. It has no name that another process could use, or
// that could be left behind: it is made in a folder that only this user can enter, and both are
// removed at once.
//
// Threads: Open and Close one at a time, calls from any but the app thread.
#pragma once

#include <memory>
#include <string>

#include "ashlar/spdk.h"
#include "ashlar/status.h"
#include "cpp/device/spdk/app_thread.h"
#include "cpp/device/unique_fd.h"

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
  explicit Rpc(AppThread& app);
  Status Listen();

  struct Server;

  AppThread& app_;
  std::unique_ptr<Server> server_;  // the app thread's
  UniqueFd folder_;                 // SPDK knows the socket by a path below it
  UniqueFd socket_;
};

}  // namespace ashlar::spdk
