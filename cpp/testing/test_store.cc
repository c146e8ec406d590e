#include "cpp/testing/test_store.h"

#include <cstdio>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/chunk/store_core.h"
#include "cpp/chunk/store_table.h"
#include "cpp/runtime/reader_gate.h"
#include "cpp/testing/test_spdk.h"

namespace ashlar {

TestStore::TestStore(const Options& options) {
  StoreRuntimeOptions runtime_options;
  runtime_options.reactors.reactors = options.reactors;
  runtime_options.reactors.idle_policy = options.idle_policy;
  runtime_options.op_slots = options.slots;
  runtime_options.buffer_bytes = options.buffer_bytes;
  Result<std::shared_ptr<StoreRuntime>> runtime = StoreRuntime::Start(runtime_options);
  if (!runtime.ok()) {
    std::fprintf(stderr, "%s\n", runtime.status().ToString().c_str());
  }
  ASHLAR_CHECK(runtime.ok());
  runtime_ = std::move(runtime).value();
  client_ = std::make_unique<StoreClient>(*runtime_, options.slots);
  InstallCrashDevices();
}

TestStore::~TestStore() {
  store_.reset();
  runtime_->Stop();
}

StoreId TestStore::Id() {
  StoreId id;
  for (size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<uint8_t>(i * 17 + 1);
  return id;
}

StoreOpenOptions TestStore::Memory(uint64_t size_bytes) {
  StoreOpenOptions options;
  options.device = TestMemory(size_bytes);
  options.format = true;
  options.id = Id();
  return options;
}

StoreOpenOptions TestStore::File(const std::string& path, uint64_t size_bytes) {
  StoreOpenOptions options;
  options.format = true;
  options.id = Id();
  options.device.kind = DeviceKind::kFile;
  options.device.size_bytes = size_bytes;
  options.device.path = path;
  options.device.create = true;
  return options;
}

StoreOpenOptions TestStore::Crash(const std::string& label, bool format) {
  StoreOpenOptions options;
  options.device.kind = DeviceKind::kCrash;
  options.device.path = label;
  options.format = format;
  options.id = Id();
  return options;
}

Status TestStore::Open(const StoreOpenOptions& options) {
  store_.reset();
  Result<std::shared_ptr<Store>> store = Store::Open(runtime_, options);
  if (!store.ok()) return store.status();
  store_ = std::move(store).value();
  return Status::Ok();
}

Status TestStore::OpenAndStart(const StoreOpenOptions& options) {
  ASHLAR_RETURN_IF_ERROR(Open(options));
  return store_->Start();
}

Status TestStore::Close(bool clean) { return store_->Close(clean); }

std::string TestStore::MarkUsed(std::span<const MappedPage> pages) {
  std::vector<SpaceRun> runs;
  for (const MappedPage& page : pages) {
    if (!page.location.IsHole()) runs.push_back({page.location.value, 1});
  }
  std::vector<BadRun> bad;
  const Status status = store_->MarkUsed(runs, &bad);
  if (!status.ok()) return status.ToString();
  if (bad.empty()) return {};
  return "run " + std::to_string(bad[0].index) + ", fault " +
         std::to_string(static_cast<int>(bad[0].fault));
}

uint64_t TestStore::DeviceOffset(PageAddress location) {
  ReaderGate::Pass pass;
  StoreCore* core = OpenStores().Pinned(store_->number());
  return core == nullptr ? BlobDirectory::kNowhere : core->directory().DeviceOffset(location);
}

}  // namespace ashlar
