#include "cpp/runtime/reader_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace ashlar {
namespace {

TEST(ReaderGateTest, AReplacedObjectIsFreedOnlyWhenNoReaderHoldsIt) {
  // TSan and ASan judge this test too: a reader that outlives the wait reads freed memory.
  std::atomic<uint64_t*> published{new uint64_t{1}};
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) {
        ReaderGate::Pass pass;
        const uint64_t* value = published.load(std::memory_order_seq_cst);
        ASSERT_NE(*value, 0u);
      }
    });
  }
  for (uint64_t i = 2; i < 500; ++i) {
    uint64_t* old = published.exchange(new uint64_t{i}, std::memory_order_seq_cst);
    ReaderGate::WaitForReaders();
    *old = 0;
    delete old;
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  delete published.load();
}

TEST(ReaderGateTest, GraceIsNotOverWhileAReaderFromBeforeIsInside) {
  auto pass = std::make_unique<ReaderGate::Pass>();
  ReaderGate::Grace grace;
  EXPECT_FALSE(grace.Over());
  std::thread([&] {
    ReaderGate::Pass later;
    EXPECT_FALSE(grace.Over());
  }).join();
  pass.reset();
  EXPECT_TRUE(grace.Over());
}

TEST(ReaderGateTest, AReaderWhoEntersLaterDoesNotProlongTheGrace) {
  ReaderGate::Grace grace;
  EXPECT_TRUE(grace.Over());
  ReaderGate::Pass later;
  EXPECT_TRUE(grace.Over());
}

}  // namespace
}  // namespace ashlar
