#include "cpp/device/named_memory.h"

#include <map>
#include <mutex>
#include <utility>

#include "cpp/device/memory_device.h"

namespace ashlar {

namespace {

// Never destroyed: threads may outlive main.
struct Registry {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<MemoryBlock>> blocks;
};

Registry& TheRegistry() {
  static auto* registry = new Registry();
  return *registry;
}

Status NoSuchMemory(const std::string& name) {
  return Status::NotFound("there is no memory device named " + name);
}

// Under the registry's mutex: whoever has a device open holds a reference.
bool IsOpen(const std::shared_ptr<MemoryBlock>& block) { return block.use_count() > 1; }

}  // namespace

Status CreateNamedMemory(const std::string& name, uint64_t size_bytes, uint32_t sector_bytes) {
  DeviceSpec spec;
  spec.kind = DeviceKind::kMemory;
  spec.path = name;
  spec.size_bytes = size_bytes;
  spec.sector_bytes = sector_bytes;
  ASHLAR_RETURN_IF_ERROR(CheckMemorySpec(spec));
  Registry& registry = TheRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  if (registry.blocks.contains(name)) {
    return Status::AlreadyExists("there is a memory device named " + name + " already");
  }
  Result<std::shared_ptr<MemoryBlock>> block = MemoryBlock::Allocate(spec);
  if (!block.ok()) return block.status();
  registry.blocks.emplace(name, std::move(block).value());
  return Status::Ok();
}

Status DropNamedMemory(const std::string& name) {
  Registry& registry = TheRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  const auto found = registry.blocks.find(name);
  if (found == registry.blocks.end()) return NoSuchMemory(name);
  if (IsOpen(found->second)) return Status::Busy("the memory device " + name + " is open");
  registry.blocks.erase(found);
  return Status::Ok();
}

Result<std::unique_ptr<Device>> OpenNamedMemory(const DeviceSpec& spec) {
  Registry& registry = TheRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  const auto found = registry.blocks.find(spec.path);
  if (found == registry.blocks.end()) return NoSuchMemory(spec.path);
  if (IsOpen(found->second)) {
    return Status::Busy("the memory device " + spec.path + " is open in this process");
  }
  return NewMemoryDevice(found->second, spec);
}

}  // namespace ashlar
