// SPDK for tests: without huge pages, so that any machine will do that has it, and with interrupts,
// whatever the version.
#pragma once

#include <cstdint>
#include <string>

#include "ashlar/device.h"
#include "ashlar/spdk.h"
#include "ashlar/status.h"
#include "cpp/device/spdk_library.h"

namespace ashlar {

// NotSupported where Ashlar was built without SPDK: the test is to be skipped, and to say so.
Status LoadSpdkForTest();

SpdkOptions TestSpdkOptions(const std::string& config = {});

// Loads and starts it, or joins it.
Result<SpdkReference> StartSpdkForTest();

// Bdevs with 0 for the default block size; SPDK runs.
Status CreateMallocBdev(const std::string& name, uint64_t size_bytes, uint32_t block_bytes);
Status CreateAioBdev(const std::string& name, const std::string& file, uint32_t block_bytes);
Status DeleteBdev(const std::string& kind, const std::string& name);

// What tests take as a device in memory: that; or, with ASHLAR_TEST_BDEV=malloc or aio in the
// environment, a new bdev of that kind, which stays until the next call after it was closed. So
// whole suites run over SPDK.
DeviceSpec TestMemory(uint64_t size_bytes, uint32_t sector_bytes = 4096);

// An rpc that must succeed: its error as a status.
Status MustCallSpdk(const std::string& method, const std::string& params);

}  // namespace ashlar
