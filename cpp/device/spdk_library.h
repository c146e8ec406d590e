// SPDK as the core sees it: a library that may be loaded, and may then be started.
//
// Threads: any but a reactor's.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/device.h"
#include "ashlar/spdk.h"
#include "ashlar/status.h"
#include "cpp/device/device.h"

namespace ashlar {

// Loads libashlar_spdk.so for the life of the process; does nothing if it is loaded. `file` without
// a slash is looked for as the system looks for libraries. NotSupported: SPDK is not installed, or
// the file is of another build.
Status LoadSpdk(const std::string& file);

inline constexpr char kSpdkLibraryName[] = "libashlar_spdk.so";

// Keeps SPDK and its bdevs running for as long as it lives; open devices do too.
class SpdkReference {
 public:
  // Starts SPDK, or joins it if it runs with the same options.
  // NotSupported: the library is not loaded, or SPDK refuses its DPDK. InvalidArgument: options out
  // of range, or other than those it runs with; the configuration is no JSON, or one of its methods
  // fails: then nothing of it remains. OutOfMemory: too few huge pages.
  static Result<SpdkReference> Start(const SpdkOptions& options);

  SpdkReference() = default;
  SpdkReference(SpdkReference&& other) noexcept : held_(std::exchange(other.held_, false)) {}
  SpdkReference& operator=(SpdkReference&& other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~SpdkReference() { Release(); }
  void Release();

 private:
  explicit SpdkReference(bool held) : held_(held) {}
  bool held_ = false;
};

bool IsSpdkRunning();

// Where reactors are to run, one core each and in turn; empty: anywhere.
std::vector<int> SpdkCores();

// Calls a method of SPDK's own rpc; `params` is JSON, or empty. Closed: SPDK does not run.
Result<SpdkReply> CallSpdk(const std::string& method, const std::string& params);

// OpenDevice for DeviceKind::kSpdk.
Result<std::unique_ptr<Device>> OpenSpdkDevice(const DeviceSpec& spec);

}  // namespace ashlar
