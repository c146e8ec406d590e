// A client of a Store for tests: fills op slots, submits them and waits, as Java does.
//
// Thread: one thread uses a client at a time, and one client a runtime.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "ashlar/store.h"
#include "cpp/base/units.h"
#include "cpp/chunk/op_slot.h"
#include "cpp/testing/java_side.h"

namespace ashlar {

// Where a page of a chunk lies and its checksum: what Java keeps in its map.
struct MappedPage {
  PageAddress location;
  uint32_t crc = 0;
};

// What came back in the slot.
struct OpOutcome {
  StatusCode code = StatusCode::kOk;
  int sys_errno = 0;
  uint32_t failed_page = 0;
  PageAddress failed_location;
  uint64_t failed_offset = 0;
  uint32_t expected_crc = 0;
  uint32_t actual_crc = 0;
  bool ok() const { return code == StatusCode::kOk; }
};

class StoreClient {
 public:
  // `slots` as the runtime was started with.
  StoreClient(StoreRuntime& runtime, uint32_t slots);

  // --- one operation, waited for ---

  // Reads from `pages`, beginning `head_offset` bytes into the first.
  OpOutcome Read(Store& store, uint32_t reactor, std::span<const MappedPage> pages,
                 uint32_t head_offset, std::span<uint8_t> into);

  struct WriteResult {
    OpOutcome outcome;
    std::vector<MappedPage> pages;  // fresh ones; empty after a failure
  };
  // `old`: the present pages of the range; only the first and the last matter.
  WriteResult Write(Store& store, uint32_t reactor, std::span<const MappedPage> old,
                    uint32_t head_offset, std::span<const uint8_t> bytes);

  OpOutcome Free(Store& store, uint32_t reactor, std::span<const SpaceRun> runs);
  OpOutcome FreePages(Store& store, uint32_t reactor, std::span<const MappedPage> pages);
  OpOutcome Flush(Store& store, uint32_t reactor);

  // --- many at once ---

  // A free slot, its index; waits for one to complete if need be.
  uint32_t TakeSlot();
  OpSlot& slot(uint32_t index);
  // `done` is called from within a later call of this client; then the slot is free again.
  void Submit(uint32_t reactor, uint32_t index, std::function<void(OpSlot&)> done);
  // Until nothing is in flight.
  void WaitForAll();
  // Handles what has completed, waiting for at least one if something is in flight.
  void WaitForSome();

  void FillRead(OpSlot& slot, const Store& store, std::span<const MappedPage> pages,
                uint32_t head_offset, std::span<uint8_t> into);
  void FillWrite(OpSlot& slot, const Store& store, std::span<const MappedPage> old,
                 uint32_t head_offset, std::span<const uint8_t> bytes);
  static OpOutcome OutcomeOf(const OpSlot& slot);
  static std::vector<MappedPage> PagesOf(const OpSlot& slot);

 private:
  void SubmitAndWait(uint32_t reactor, uint32_t index, std::function<void(OpSlot&)> done);
  void OnDone(uint32_t index);

  std::span<uint8_t> memory_;
  uint64_t slots_offset_;
  JavaSide java_;
  std::vector<uint32_t> free_slots_;
  std::vector<std::function<void(OpSlot&)>> done_;
  uint32_t in_flight_ = 0;
};

}  // namespace ashlar
