// SPDK's headers, and in one place what differs between its versions from 23.01 on. Included by
// cpp/device/spdk/ only.
#pragma once

#include <spdk/bdev.h>
#include <spdk/bdev_module.h>
#include <spdk/env.h>
#include <spdk/init.h>
#include <spdk/json.h>
#include <spdk/jsonrpc.h>
#include <spdk/log.h>
#include <spdk/rpc.h>
#include <spdk/thread.h>
#include <spdk/version.h>

#include <string>

#if SPDK_VERSION < SPDK_VERSION_NUM(23, 1, 0)
#error "Ashlar needs SPDK 23.01 or newer"
#endif

// Exported by SPDK's thread library, but in none of the headers that it installs.
extern "C" {
spdk_poller* spdk_thread_get_first_active_poller(spdk_thread* thread);
spdk_poller* spdk_thread_get_next_active_poller(spdk_poller* poller);
const char* spdk_poller_get_name(spdk_poller* poller);
}

namespace ashlar::spdk {

// Structures that grow say their size, since 24.09 for this one.
template <typename Options>
void SetOptionsSize(Options* options) {
  if constexpr (requires { options->opts_size; }) options->opts_size = sizeof(*options);
}

// An option since 23.05; before, DPDK takes it, and must be told what follows from it.
template <typename Options>
void UseNoHugePages(Options* options, std::string* arguments) {
  if constexpr (requires { options->no_huge; }) {
    options->no_huge = true;
  } else {
    *arguments = "--no-huge --legacy-mem";
    options->env_context = arguments->data();
    options->iova_mode = "va";
    options->hugepage_single_segments = true;  // or else it asks for unlinked huge pages
  }
}

// The server of SPDK's rpc is a thing of its own since 24.09. It answers when it is polled; the
// poller that SPDK itself registers for it would end every sleep of the app thread after 4 ms.
class RpcServer {
 public:
#if SPDK_VERSION < SPDK_VERSION_NUM(24, 9, 0)
  bool Listen(const char* address) { return spdk_rpc_listen(address) == 0; }
  void Poll() { spdk_rpc_accept(); }
  void Close() { spdk_rpc_close(); }
#else
  bool Listen(const char* address) {
    server_ = spdk_rpc_server_listen(address);
    return server_ != nullptr;
  }
  void Poll() { spdk_rpc_server_accept(server_); }
  void Close() { spdk_rpc_server_close(server_); }

 private:
  spdk_rpc_server* server_ = nullptr;
#endif
};

// Since 25.01 interrupt mode changes SPDK's NVMe driver for the whole process: every completion of
// a drive raises an interrupt, also while it is polled, and NVMe-oF is refused.
constexpr bool kInterruptsConcernNvme = SPDK_VERSION >= SPDK_VERSION_NUM(25, 1, 0);

}  // namespace ashlar::spdk
