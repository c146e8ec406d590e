// DMA memory through which data moves that lies in other memory.
//
// Belongs to one channel.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cpp/device/io_request.h"
#include "cpp/device/spdk/compat.h"

namespace ashlar::spdk {

struct Bounce {
  static constexpr uint32_t kBytes = 128u << 10;

  uint8_t* data = nullptr;
  IoRequest* request = nullptr;
  uint32_t length_bytes = 0;  // of the piece that is on its way
};

// Made when they are first needed; some of them at most, the rest of the requests waits.
class BouncePool {
 public:
  static constexpr size_t kMaxBounces = 16;

  BouncePool() = default;
  ~BouncePool() {
    for (const auto& bounce : all_) spdk_free(bounce->data);
  }
  BouncePool(const BouncePool&) = delete;
  BouncePool& operator=(const BouncePool&) = delete;

  Bounce* Take() {
    if (free_.empty() && all_.size() < kMaxBounces) Make();
    if (free_.empty()) return nullptr;
    Bounce* bounce = free_.back();
    free_.pop_back();
    return bounce;
  }
  // Whether there is none, free or in use.
  bool empty() const { return all_.empty(); }
  void Give(Bounce* bounce) { free_.push_back(bounce); }

 private:
  void Make() {
    void* data =
        spdk_malloc(Bounce::kBytes, 4096, nullptr, SPDK_ENV_SOCKET_ID_ANY, SPDK_MALLOC_DMA);
    if (data == nullptr) return;
    all_.push_back(std::make_unique<Bounce>());
    all_.back()->data = static_cast<uint8_t*>(data);
    free_.push_back(all_.back().get());
  }

  std::vector<std::unique_ptr<Bounce>> all_;
  std::vector<Bounce*> free_;
};

}  // namespace ashlar::spdk
