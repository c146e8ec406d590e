// A store on any device with its runtime and a client: what tests of the data path begin with.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ashlar/store.h"
#include "cpp/testing/crash_registry.h"
#include "cpp/testing/store_client.h"

namespace ashlar {

class TestStore {
 public:
  struct Options {
    uint32_t reactors = 1;
    IdlePolicy idle_policy = IdlePolicy::kAdaptive;
    uint32_t slots = 32;
    uint64_t buffer_bytes = 1 << 20;
  };

  TestStore() : TestStore(Options()) {}
  // The test ends when the runtime does not start.
  explicit TestStore(const Options& options);
  ~TestStore();
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;

  StoreRuntime& runtime() { return *runtime_; }
  const std::shared_ptr<StoreRuntime>& shared_runtime() { return runtime_; }
  StoreClient& client() { return *client_; }
  Store& store() { return *store_; }
  Store* operator->() { return store_.get(); }

  // The id that Format* give the store.
  static StoreId Id();
  static StoreOpenOptions Memory(uint64_t size_bytes);                         // formats
  static StoreOpenOptions File(const std::string& path, uint64_t size_bytes);  // creates, formats
  static StoreOpenOptions Crash(const std::string& label, bool format);

  Status Open(const StoreOpenOptions& options);
  Status OpenAndStart(const StoreOpenOptions& options);
  Status Close(bool clean);

  // Marks the pages as used, as recovery does; "" or what is wrong.
  std::string MarkUsed(std::span<const MappedPage> pages);

  // The place of a page on the device.
  uint64_t DeviceOffset(PageAddress location);

 private:
  std::shared_ptr<StoreRuntime> runtime_;
  std::unique_ptr<StoreClient> client_;
  std::shared_ptr<Store> store_;
};

}  // namespace ashlar
