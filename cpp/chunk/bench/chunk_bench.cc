// Measures the data path on a memory device, where nothing but Ashlar costs time: inline reads, and
// reads and writes through the rings. Beside each the floor: what copying and checksumming a page
// takes by itself, measured in turn with it.
//
// Usage: chunk_bench [seconds per measurement, default 0.5]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/check.h"
#include "cpp/base/crc32c.h"
#include "cpp/testing/random.h"
#include "cpp/testing/test_store.h"

namespace ashlar {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kPages = 16384;  // 64 MiB: larger than the caches
constexpr int kRounds = 5;

// Median nanoseconds per call of each function, measured in turn.
std::vector<double> MeasureInTurn(double seconds, std::vector<std::function<void()>> functions) {
  std::vector<std::vector<double>> times(functions.size());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t f = 0; f < functions.size(); ++f) {
      uint64_t calls = 0;
      const Clock::time_point start = Clock::now();
      std::chrono::duration<double> took{};
      do {
        for (int i = 0; i < 64; ++i) functions[f]();
        calls += 64;
        took = Clock::now() - start;
      } while (took.count() < seconds / kRounds);
      times[f].push_back(took.count() * 1e9 / static_cast<double>(calls));
    }
  }
  std::vector<double> medians;
  for (std::vector<double>& of_one : times) {
    std::nth_element(of_one.begin(), of_one.begin() + kRounds / 2, of_one.end());
    medians.push_back(of_one[kRounds / 2]);
  }
  return medians;
}

class ChunkBench {
 public:
  explicit ChunkBench(const TestStore::Options& options)
      : test_(options), slots_(options.slots), floor_source_(uint64_t{kPages} * kPageBytes) {
    ASHLAR_CHECK(test_.OpenAndStart(TestStore::Memory(256 * kMiB)).ok());
    AlignedBuffer data(256 * kPageBytes);
    for (uint32_t at = 0; at < kPages; at += 256) {
      random_.Fill(data.span());
      auto written =
          test_.client().Write(test_.store(), 0, std::vector<MappedPage>(256), 0, data.span());
      ASHLAR_CHECK(written.outcome.ok());
      pages_.insert(pages_.end(), written.pages.begin(), written.pages.end());
      std::memcpy(floor_source_.data() + uint64_t{at} * kPageBytes, data.data(), data.size());
    }
  }

  void Run(double seconds) {
    const bool inline_read = test_->Numbers().inline_read;
    const std::vector<double> ns = MeasureInTurn(
        seconds * 5, {[this] { Floor(); }, [=, this] { inline_read ? InlineRead() : Floor(); },
                      [this] { RingRead(1); }, [this] { RingRead(slots_); },
                      [this] { RingOverwrite(); }});
    std::printf("%-44s %8.0f ns\n", "copy and checksum of a page, no Ashlar", ns[0]);
    if (inline_read) {
      std::printf("%-44s %8.0f ns  %.2f of the floor\n", "inline read", ns[1], ns[1] / ns[0]);
    }
    std::printf("%-44s %8.0f ns\n", "read through the rings, one at a time", ns[2]);
    const double many = ns[3] / slots_;
    std::printf("%-44s %8.0f ns  %.2f of the floor\n",
                ("read through the rings, " + std::to_string(slots_) + " at a time").c_str(), many,
                many / ns[0]);
    std::printf("%-44s %8.0f ns\n", "overwrite and free, one at a time", ns[4]);
  }

 private:
  void Floor() {
    const uint64_t page = random_.Below(kPages);
    std::memcpy(buffer_.data(), floor_source_.data() + page * kPageBytes, kPageBytes);
    ASHLAR_CHECK(Crc32c(buffer_.data(), kPageBytes) == pages_[page].crc);
  }

  void InlineRead() {
    const MappedPage& page = pages_[random_.Below(kPages)];
    ASHLAR_CHECK(Store::ReadInline(test_->number(), buffer_.data(), 0, kPageBytes,
                                   page.location.value, page.crc) == 0);
  }

  void RingRead(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      const std::span<const MappedPage> page(&pages_[random_.Below(kPages)], 1);
      const uint32_t index = test_.client().TakeSlot();
      test_.client().FillRead(test_.client().slot(index), test_.store(), page, 0,
                              buffer_.span().subspan(i * kPageBytes, kPageBytes));
      test_.client().Submit(0, index, [](OpSlot& slot) { ASHLAR_CHECK(slot.status == 0); });
    }
    test_.client().WaitForAll();
  }

  // Of another page than the reads use: their checksums stay true.
  void RingOverwrite() {
    auto written =
        test_.client().Write(test_.store(), 0, overwritten_, 0, buffer_.span().first(kPageBytes));
    ASHLAR_CHECK(written.outcome.ok());
    if (!overwritten_[0].location.IsHole()) {
      ASHLAR_CHECK(test_.client().FreePages(test_.store(), 0, overwritten_).ok());
    }
    overwritten_ = written.pages;
  }

  TestStore test_;
  const uint32_t slots_;
  Random random_{1};
  std::vector<MappedPage> pages_;
  std::vector<MappedPage> overwritten_ = std::vector<MappedPage>(1);
  AlignedBuffer floor_source_;
  AlignedBuffer buffer_{64 * kPageBytes};
};

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) {
  ashlar::TestStore::Options options;
  ashlar::ChunkBench bench(options);
  bench.Run(argc > 1 ? std::atof(argv[1]) : 0.5);
}
