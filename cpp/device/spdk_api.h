// What knows SPDK is a library of its own, libashlar_spdk.so, loaded when SPDK is first asked for:
// SPDK is not on every machine, and the rest works without it. This is what the core and that
// library say to each other; both are of one build.
//
// Threads: any but a reactor's may call these. They may block for as long as SPDK takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ashlar/device.h"
#include "ashlar/spdk.h"
#include "ashlar/status.h"
#include "cpp/device/device.h"

namespace ashlar {

struct SpdkApi {
  uint32_t version = 0;

  // Starts SPDK, or takes another reference if it runs with these options. See SpdkReference::Start
  // for what can fail.
  Status (*start)(const SpdkOptions& options) = nullptr;
  // Gives a reference back. With the last one, and the last device closed, the bdevs go.
  void (*stop)() = nullptr;
  bool (*running)() = nullptr;
  // The cores of SpdkOptions::core_mask; empty when none are given or SPDK does not run.
  std::vector<int> (*cores)() = nullptr;

  // Closed: SPDK does not run. NotFound: there is no such bdev.
  Result<std::unique_ptr<Device>> (*open)(const DeviceSpec& spec) = nullptr;

  // `params`: JSON, or empty for none. Closed: SPDK does not run.
  Result<SpdkReply> (*call)(const std::string& method, const std::string& params) = nullptr;

  // DMA memory, aligned to 4096, once SPDK has been started; null when there is none left, or when
  // SPDK does without. It stays valid when SPDK stops.
  void* (*allocate)(size_t length_bytes) = nullptr;
  void (*free)(void* bytes) = nullptr;
};

inline constexpr uint32_t kSpdkApiVersion = 1;

// `const SpdkApi* ashlar_spdk_api()`, with C linkage.
inline constexpr char kSpdkApiSymbol[] = "ashlar_spdk_api";
using SpdkApiFunction = const SpdkApi* (*)();

}  // namespace ashlar
