#include "cpp/testing/store_client.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "cpp/base/check.h"
#include "cpp/runtime/port_layout.h"

namespace ashlar {

namespace {

JavaSide::Wiring WiringOf(StoreRuntime& runtime, uint32_t slots) {
  JavaSide::Wiring wiring;
  wiring.memory = runtime.memory().data();
  wiring.reactors = runtime.reactors() + 1;  // and the driven one
  wiring.capacity = std::bit_ceil(slots);
  wiring.wake = [&runtime](uint32_t reactor) { runtime.WakeReactor(reactor); };
  wiring.await = [&runtime](int timeout_ms) { runtime.AwaitCompletions(timeout_ms); };
  return wiring;
}

}  // namespace

StoreClient::StoreClient(StoreRuntime& runtime, uint32_t slots)
    : memory_(runtime.memory()),
      slots_offset_(RoundUp(PortLayout::kControlBytes +
                                (runtime.reactors() + 1) * PortLayout::PortBytes(std::bit_ceil(slots)),
                            kPageBytes)),
      java_(WiringOf(runtime, slots)),
      done_(slots) {
  for (uint32_t i = slots; i > 0; --i) free_slots_.push_back(i - 1);
}

OpSlot& StoreClient::slot(uint32_t index) {
  return *reinterpret_cast<OpSlot*>(memory_.data() + slots_offset_ +
                                    uint64_t{index} * sizeof(OpSlot));
}

uint32_t StoreClient::TakeSlot() {
  while (free_slots_.empty()) WaitForSome();
  const uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  return index;
}

void StoreClient::OnDone(uint32_t index) {
  --in_flight_;
  const std::function<void(OpSlot&)> done = std::exchange(done_[index], nullptr);
  done(slot(index));
  free_slots_.push_back(index);
}

void StoreClient::Submit(uint32_t reactor, uint32_t index, std::function<void(OpSlot&)> done) {
  done_[index] = std::move(done);
  ++in_flight_;
  java_.Submit(reactor, index);
}

void StoreClient::WaitForSome() {
  if (in_flight_ == 0) return;
  const uint32_t before = in_flight_;
  while (in_flight_ == before) {
    java_.DrainOrWait([this](uint32_t index) { OnDone(index); });
  }
}

void StoreClient::WaitForAll() {
  while (in_flight_ > 0) WaitForSome();
}

void StoreClient::SubmitAndWait(uint32_t reactor, uint32_t index,
                                std::function<void(OpSlot&)> done) {
  bool finished = false;
  Submit(reactor, index, [&](OpSlot& slot) {
    done(slot);
    finished = true;
  });
  while (!finished) WaitForSome();
}

OpOutcome StoreClient::OutcomeOf(const OpSlot& slot) {
  OpOutcome outcome;
  outcome.code = static_cast<StatusCode>(-slot.status);
  outcome.sys_errno = slot.sys_errno;
  outcome.failed_page = slot.failed_page;
  outcome.failed_location = PageAddress{slot.failed_location};
  outcome.failed_offset = slot.failed_offset;
  outcome.expected_crc = slot.expected_crc;
  outcome.actual_crc = slot.actual_crc;
  return outcome;
}

std::vector<MappedPage> StoreClient::PagesOf(const OpSlot& slot) {
  std::vector<MappedPage> pages;
  for (uint32_t i = 0; i < slot.page_count; ++i) {
    pages.push_back({PageAddress{slot.locations[i]}, slot.crcs[i]});
  }
  return pages;
}

void StoreClient::FillRead(OpSlot& slot, const Store& store, std::span<const MappedPage> pages,
                           uint32_t head_offset, std::span<uint8_t> into) {
  ASHLAR_CHECK(pages.size() <= kSegmentPages);
  slot.store = store.number();
  slot.opcode = static_cast<uint32_t>(OpCode::kRead);
  slot.address = reinterpret_cast<uint64_t>(into.data());
  slot.page_count = static_cast<uint32_t>(pages.size());
  slot.head_offset_bytes = head_offset;
  slot.length_bytes = static_cast<uint32_t>(into.size());
  for (size_t i = 0; i < pages.size(); ++i) {
    slot.locations[i] = pages[i].location.value;
    slot.crcs[i] = pages[i].crc;
  }
}

void StoreClient::FillWrite(OpSlot& slot, const Store& store, std::span<const MappedPage> old,
                            uint32_t head_offset, std::span<const uint8_t> bytes) {
  slot.store = store.number();
  slot.opcode = static_cast<uint32_t>(OpCode::kWrite);
  slot.address = reinterpret_cast<uint64_t>(bytes.data());
  slot.page_count = static_cast<uint32_t>(old.size());
  slot.head_offset_bytes = head_offset;
  slot.length_bytes = static_cast<uint32_t>(bytes.size());
  slot.old_head_location = old.front().location.value;
  slot.old_head_crc = old.front().crc;
  slot.old_tail_location = old.back().location.value;
  slot.old_tail_crc = old.back().crc;
}

OpOutcome StoreClient::Read(Store& store, uint32_t reactor, std::span<const MappedPage> pages,
                            uint32_t head_offset, std::span<uint8_t> into) {
  const uint32_t index = TakeSlot();
  FillRead(slot(index), store, pages, head_offset, into);
  OpOutcome outcome;
  SubmitAndWait(reactor, index, [&](OpSlot& slot) { outcome = OutcomeOf(slot); });
  return outcome;
}

StoreClient::WriteResult StoreClient::Write(Store& store, uint32_t reactor,
                                            std::span<const MappedPage> old, uint32_t head_offset,
                                            std::span<const uint8_t> bytes) {
  const uint32_t index = TakeSlot();
  FillWrite(slot(index), store, old, head_offset, bytes);
  WriteResult result;
  SubmitAndWait(reactor, index, [&](OpSlot& slot) {
    result.outcome = OutcomeOf(slot);
    if (result.outcome.ok()) result.pages = PagesOf(slot);
  });
  return result;
}

OpOutcome StoreClient::Free(Store& store, uint32_t reactor, std::span<const SpaceRun> runs) {
  const uint32_t index = TakeSlot();
  OpSlot& filled = slot(index);
  filled.store = store.number();
  filled.opcode = static_cast<uint32_t>(OpCode::kFree);
  filled.page_count = static_cast<uint32_t>(runs.size());
  for (size_t i = 0; i < runs.size(); ++i) {
    filled.locations[i] = runs[i].first_location;
    filled.crcs[i] = static_cast<uint32_t>(runs[i].pages);
  }
  OpOutcome outcome;
  SubmitAndWait(reactor, index, [&](OpSlot& slot) { outcome = OutcomeOf(slot); });
  return outcome;
}

OpOutcome StoreClient::FreePages(Store& store, uint32_t reactor,
                                 std::span<const MappedPage> pages) {
  std::vector<SpaceRun> runs;
  for (const MappedPage& page : pages) {
    const bool follows =
        !runs.empty() && runs.back().first_location + runs.back().pages == page.location.value;
    if (follows) {
      ++runs.back().pages;
    } else {
      runs.push_back({page.location.value, 1});
    }
  }
  return Free(store, reactor, runs);
}

OpOutcome StoreClient::Flush(Store& store, uint32_t reactor) {
  const uint32_t index = TakeSlot();
  slot(index).store = store.number();
  slot(index).opcode = static_cast<uint32_t>(OpCode::kFlush);
  OpOutcome outcome;
  SubmitAndWait(reactor, index, [&](OpSlot& slot) { outcome = OutcomeOf(slot); });
  return outcome;
}

}  // namespace ashlar
