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

#if SPDK_VERSION < SPDK_VERSION_NUM(23, 1, 0)
#error "Ashlar needs SPDK 23.01 or newer"
#endif

namespace ashlar::spdk {

// Structures that grow say their size, since 24.09 for this one.
template <typename Options>
void SetOptionsSize(Options* options) {
  if constexpr (requires { options->opts_size; }) options->opts_size = sizeof(*options);
}

// spdk_rpc_initialize has options since 23.09.
inline int InitializeRpc(int (*initialize)(const char*), const char* address) {
  return initialize(address);
}
template <typename Options>
int InitializeRpc(int (*initialize)(const char*, const Options*), const char* address) {
  return initialize(address, nullptr);
}

}  // namespace ashlar::spdk
