#include "cpp/testing/chunk_model.h"

#include <algorithm>
#include <utility>

#include "cpp/base/units.h"

namespace ashlar {

ChunkModel::ChunkModel(const Options& options)
    : options_(options), random_(options.seed), chunks_(options.chunks) {
  for (Chunk& chunk : chunks_) {
    chunk.bytes.resize(uint64_t{options.chunk_pages} * kPageBytes);
    chunk.pages.resize(options.chunk_pages);
    chunk.memory = AlignedBuffer(chunk.bytes.size() + kPageBytes);
  }
}

void ChunkModel::Fault(const std::string& what) {
  if (fault_.empty()) fault_ = what + " (ASHLAR_SEED=" + std::to_string(options_.seed) + ")";
}

void ChunkModel::FaultOf(const char* operation, const OpOutcome& outcome) {
  Fault(std::string(operation) + ": " + std::string(StatusCodeText(outcome.code)) + ", errno " +
        std::to_string(outcome.sys_errno) + ", page " + std::to_string(outcome.failed_page) +
        " at " + std::to_string(outcome.failed_location.value));
}

// Memory of the caller, of any alignment if the options say so.
std::span<uint8_t> ChunkModel::Caller(Chunk& chunk, size_t length) {
  const uint64_t shift = options_.aligned_memory || random_.OneIn(2) ? 0 : random_.Below(4096);
  return chunk.memory.span().subspan(static_cast<size_t>(shift), length);
}

std::string ChunkModel::Run(int steps) {
  for (int step = 0; step < steps && fault_.empty(); ++step) {
    Chunk& chunk = chunks_[random_.Below(chunks_.size())];
    while (chunk.busy && fault_.empty()) options_.client->WaitForSome();
    const uint64_t what = random_.Below(100);
    if (what < 50) {
      StartWrite(chunk);
    } else if (what < 90) {
      StartRead(chunk);
    } else {
      StartPunch(chunk);
    }
  }
  options_.client->WaitForAll();
  return fault_;
}

// A random range: small ones within a page, whole pages, and long ones.
void ChunkModel::StartWrite(Chunk& chunk) {
  const uint64_t size = chunk.bytes.size();
  uint64_t offset = random_.Below(size);
  uint64_t length =
      1 + random_.Below(random_.OneIn(3) ? size - offset : std::min<uint64_t>(size - offset, 6000));
  if (random_.OneIn(3)) {
    offset = RoundDown(offset, kPageBytes);
    length = std::min(RoundUp(length, kPageBytes), size - offset);
  }
  const auto first = static_cast<uint32_t>(offset / kPageBytes);
  const auto count = static_cast<uint32_t>(DivideRoundUp(offset + length, kPageBytes)) - first;
  const auto head = static_cast<uint32_t>(offset % kPageBytes);
  const std::span<uint8_t> bytes = Caller(chunk, static_cast<size_t>(length));
  random_.Fill(bytes);
  chunk.busy = true;
  const uint32_t index = options_.client->TakeSlot();
  options_.client->FillWrite(options_.client->slot(index), *options_.store,
                             std::span(chunk.pages).subspan(first, count), head, bytes);
  options_.client->Submit(AnyReactor(), index, [this, &chunk, first, offset, bytes](OpSlot& slot) {
    OnWritten(chunk, first, static_cast<uint32_t>(offset), bytes, slot);
  });
}

void ChunkModel::OnWritten(Chunk& chunk, uint32_t first_page, uint32_t offset,
                           std::span<const uint8_t> bytes, OpSlot& slot) {
  const OpOutcome outcome = StoreClient::OutcomeOf(slot);
  if (!outcome.ok()) {
    chunk.busy = false;
    if (outcome.code == StatusCode::kOutOfSpace && options_.allow_out_of_space) {
      ++out_of_space_;
      return;
    }
    if (outcome.code == StatusCode::kIoError && options_.allow_io_errors) {
      ++io_errors_;
      return;
    }
    return FaultOf("write", outcome);
  }
  std::copy(bytes.begin(), bytes.end(), chunk.bytes.begin() + offset);
  std::vector<MappedPage> old;
  const std::vector<MappedPage> fresh = StoreClient::PagesOf(slot);
  for (size_t i = 0; i < fresh.size(); ++i) {
    MappedPage& page = chunk.pages[first_page + i];
    if (!page.location.IsHole()) old.push_back(page);
    page = fresh[i];
  }
  StartFree(chunk, std::move(old));
}

void ChunkModel::StartFree(Chunk& chunk, std::vector<MappedPage> old) {
  if (old.empty()) {
    chunk.busy = false;
    return;
  }
  if (!options_.flush_before_free) return SubmitFree(chunk, old);
  const uint32_t index = options_.client->TakeSlot();
  OpSlot& slot = options_.client->slot(index);
  slot.store = options_.store->number();
  slot.opcode = static_cast<uint32_t>(OpCode::kFlush);
  options_.client->Submit(AnyReactor(), index, [this, &chunk, old](OpSlot& flushed) {
    const OpOutcome outcome = StoreClient::OutcomeOf(flushed);
    if (!outcome.ok()) return FaultOf("flush", outcome);
    SubmitFree(chunk, old);
  });
}

void ChunkModel::SubmitFree(Chunk& chunk, const std::vector<MappedPage>& old) {
  if (options_.before_free) options_.before_free(old);
  const uint32_t index = options_.client->TakeSlot();
  OpSlot& slot = options_.client->slot(index);
  slot.store = options_.store->number();
  slot.opcode = static_cast<uint32_t>(OpCode::kFree);
  slot.page_count = 0;
  for (const MappedPage& page : old) {
    const uint32_t last = slot.page_count - 1;
    if (slot.page_count > 0 && slot.locations[last] + slot.crcs[last] == page.location.value) {
      ++slot.crcs[last];
      continue;
    }
    slot.locations[slot.page_count] = page.location.value;
    slot.crcs[slot.page_count++] = 1;
  }
  options_.client->Submit(AnyReactor(), index, [this, &chunk](OpSlot& freed) {
    const OpOutcome outcome = StoreClient::OutcomeOf(freed);
    if (!outcome.ok()) FaultOf("free", outcome);
    chunk.busy = false;
  });
}

void ChunkModel::StartRead(Chunk& chunk) {
  const uint64_t size = chunk.bytes.size();
  const uint64_t offset = random_.Below(size);
  const uint64_t length =
      1 + random_.Below(random_.OneIn(3) ? size - offset : std::min<uint64_t>(size - offset, 6000));
  const auto first = static_cast<uint32_t>(offset / kPageBytes);
  const auto count = static_cast<uint32_t>(DivideRoundUp(offset + length, kPageBytes)) - first;
  const std::span<uint8_t> into = Caller(chunk, static_cast<size_t>(length));
  std::fill(into.begin(), into.end(), uint8_t{0xcc});
  chunk.busy = true;
  const uint32_t index = options_.client->TakeSlot();
  options_.client->FillRead(options_.client->slot(index), *options_.store,
                            std::span(chunk.pages).subspan(first, count),
                            static_cast<uint32_t>(offset % kPageBytes), into);
  options_.client->Submit(AnyReactor(), index, [this, &chunk, offset, into](OpSlot& slot) {
    const OpOutcome outcome = StoreClient::OutcomeOf(slot);
    if (!outcome.ok()) FaultOf("read", outcome);
    if (!std::equal(into.begin(), into.end(), chunk.bytes.begin() + static_cast<int64_t>(offset))) {
      Fault("read of " + std::to_string(into.size()) + " bytes at " + std::to_string(offset) +
            " differs");
    }
    chunk.busy = false;
  });
}

// Turns some pages into holes.
void ChunkModel::StartPunch(Chunk& chunk) {
  const uint64_t first = random_.Below(chunk.pages.size());
  const uint64_t count = 1 + random_.Below(chunk.pages.size() - first);
  std::vector<MappedPage> old;
  for (uint64_t page = first; page < first + count; ++page) {
    if (!chunk.pages[page].location.IsHole()) old.push_back(chunk.pages[page]);
    chunk.pages[page] = MappedPage();
    std::fill_n(chunk.bytes.begin() + static_cast<int64_t>(page * kPageBytes), kPageBytes,
                uint8_t{0});
  }
  chunk.busy = true;
  StartFree(chunk, std::move(old));
}

std::string ChunkModel::VerifyAll() {
  for (Chunk& chunk : chunks_) {
    const std::span<uint8_t> into = chunk.memory.span().first(chunk.bytes.size());
    const OpOutcome outcome =
        options_.client->Read(*options_.store, AnyReactor(), chunk.pages, 0, into);
    if (!outcome.ok()) FaultOf("read", outcome);
    if (fault_.empty() && !std::ranges::equal(into, chunk.bytes)) Fault("a chunk differs");
  }
  return fault_;
}

std::string ChunkModel::FreeAll() {
  for (Chunk& chunk : chunks_) {
    std::vector<MappedPage> old;
    for (MappedPage& page : chunk.pages) {
      if (!page.location.IsHole()) old.push_back(std::exchange(page, MappedPage()));
    }
    std::fill(chunk.bytes.begin(), chunk.bytes.end(), uint8_t{0});
    chunk.busy = true;
    StartFree(chunk, std::move(old));
  }
  options_.client->WaitForAll();
  return fault_;
}

std::vector<MappedPage> ChunkModel::MappedPages() const {
  std::vector<MappedPage> mapped;
  for (const Chunk& chunk : chunks_) {
    for (const MappedPage& page : chunk.pages) {
      if (!page.location.IsHole()) mapped.push_back(page);
    }
  }
  return mapped;
}

}  // namespace ashlar
