#include "cpp/runtime/port.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "cpp/runtime/port_layout.h"
#include "cpp/runtime/runtime.h"
#include "cpp/runtime/task.h"
#include "cpp/testing/java_side.h"

namespace ashlar {
namespace {

constexpr uint32_t kSlotBytes = 64;

// A runtime whose ports count each slot's content up by one and complete it.
class PortTest : public ::testing::TestWithParam<IdlePolicy> {
 protected:
  void Start(uint32_t reactors, uint32_t slots) {
    RuntimeOptions options;
    options.reactors = reactors;
    options.idle_policy = GetParam();
    options.spin_ns = 2'000;
    auto runtime = Runtime::Acquire(options);
    ASSERT_TRUE(runtime.ok()) << runtime.status().ToString();
    runtime_ = *runtime;
    auto memory = SharedMemory::Create(reactors, slots, kSlotBytes);
    ASSERT_TRUE(memory.ok());
    memory_ = std::move(memory).value();
    auto signal = CompletionSignal::Create(memory_.drainer_waiting());
    ASSERT_TRUE(signal.ok());
    signal_ = std::move(signal).value();
    auto drainer = Reactor::CreateDriven(reactors, options);
    ASSERT_TRUE(drainer.ok()) << drainer.status().ToString();
    drainer_ = std::move(drainer).value();
    drainer_->RunHere([this] { drainer_->AddPoller(signal_.get()); });
    for (uint32_t r = 0; r < reactors; ++r) {
      ends_.push_back(std::make_unique<End>());
      End* end = ends_.back().get();
      end->memory = &memory_;
      end->port = std::make_unique<Port>(memory_, r, *signal_, &End::Handle, end);
      OnReactor(r, [end](Reactor& reactor) { reactor.AddPoller(end->port.get()); });
    }
    JavaSide::Wiring wiring;
    wiring.memory = memory_.data();
    wiring.reactors = reactors;
    wiring.capacity = memory_.capacity();
    wiring.wake = [this](uint32_t r) { runtime_->reactor(r).Wake(); };
    wiring.await = [this](int timeout_ms) { drainer_->Await(timeout_ms); };
    java_ = std::make_unique<JavaSide>(wiring);
  }

  void TearDown() override {
    for (uint32_t r = 0; r < ends_.size(); ++r) {
      OnReactor(r, [this, r](Reactor& reactor) { reactor.RemovePoller(ends_[r]->port.get()); });
    }
  }

  template <typename Function>
  void OnReactor(uint32_t index, Function function) {
    Reactor& reactor = runtime_->reactor(index);
    BlockOn(reactor, [&]() -> Task<int> {
      function(reactor);
      co_return 0;
    });
  }

  uint64_t& Content(uint32_t slot) { return *reinterpret_cast<uint64_t*>(memory_.slot(slot)); }

  struct End {
    SharedMemory* memory;
    std::unique_ptr<Port> port;
    static void Handle(void* context, uint32_t slot) {
      auto* end = static_cast<End*>(context);
      ++*reinterpret_cast<uint64_t*>(end->memory->slot(slot));
      end->port->Complete(slot);
    }
  };

  std::shared_ptr<Runtime> runtime_;
  SharedMemory memory_;
  std::unique_ptr<CompletionSignal> signal_;
  std::unique_ptr<Reactor> drainer_;  // driven
  std::vector<std::unique_ptr<End>> ends_;
  std::unique_ptr<JavaSide> java_;
};

TEST_P(PortTest, EverySubmissionIsCompletedOnceWhileThreadsCompete) {
  constexpr uint32_t kSlots = 24;  // not a power of two, fewer than the submitters want
  constexpr uint32_t kThreads = 3;
  constexpr uint64_t kRounds = 600;
  Start(2, kSlots);
  std::vector<std::atomic<bool>> done(kSlots);
  std::atomic<bool> finished{false};
  std::thread drainer([&] {
    uint64_t left = kThreads * kRounds * (kSlots / kThreads);
    while (left > 0) {
      java_->DrainOrWait([&](uint32_t slot) {
        ASSERT_FALSE(done[slot].exchange(true));
        --left;
      });
    }
    finished = true;
  });
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t round = 0; round < kRounds; ++round) {
        for (uint32_t slot = t; slot < kSlots; slot += kThreads) {
          Content(slot) = round;
          java_->Submit((slot + static_cast<uint32_t>(round)) % 2, slot);
        }
        for (uint32_t slot = t; slot < kSlots; slot += kThreads) {
          while (!done[slot].exchange(false)) std::this_thread::yield();
          ASSERT_EQ(Content(slot), round + 1);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  drainer.join();
  EXPECT_TRUE(finished);
}

TEST_P(PortTest, ASleepingReactorAndASleepingDrainerMissNothing) {
  Start(1, 1);
  for (int i = 0; i < 3000; ++i) {
    Content(0) = 7;
    // Now and then the reactor is surely asleep; else it mostly is not.
    while (i % 300 == 0 && GetParam() != IdlePolicy::kBusy && !java_->IsAsleep(0)) {
      std::this_thread::yield();
    }
    java_->Submit(0, 0);
    bool done = false;
    while (!done) java_->DrainOrWait([&](uint32_t) { done = true; });
    ASSERT_EQ(Content(0), 8u);
  }
  if (GetParam() == IdlePolicy::kBusy) {
    EXPECT_EQ(java_->wakes(), 0);
  } else {
    EXPECT_GT(java_->wakes(), 0);
  }
}

TEST_P(PortTest, AnEntryThatNamesNoSlotIsDropped) {
  Start(1, 4);
  java_->Submit(0, 4);
  java_->Submit(0, 3);
  bool done = false;
  while (!done) {
    java_->DrainOrWait([&](uint32_t slot) {
      EXPECT_EQ(slot, 3u);
      done = true;
    });
  }
  OnReactor(0, [this](Reactor&) { EXPECT_EQ(ends_[0]->port->bad_entries(), 1u); });
}

TEST_P(PortTest, InterruptEndsAWait) {
  Start(1, 1);
  std::thread interrupter([this] { signal_->Interrupt(); });
  const auto start = std::chrono::steady_clock::now();
  drainer_->Await(20'000);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(15));
  interrupter.join();
}

INSTANTIATE_TEST_SUITE_P(Policies, PortTest,
                         ::testing::Values(IdlePolicy::kAdaptive, IdlePolicy::kBusy,
                                           IdlePolicy::kInterrupt));

TEST(SharedMemoryTest, PartsDoNotOverlapAndLieWhereTheLayoutSays) {
  auto memory = SharedMemory::Create(3, 300, 3200);
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ(memory->capacity(), 512u);
  EXPECT_EQ(memory->port(0) - memory->data(), 256);
  EXPECT_EQ(memory->port(2) - memory->port(1), static_cast<ptrdiff_t>(PortLayout::PortBytes(512)));
  EXPECT_GE(memory->slot(0), memory->port(2) + PortLayout::PortBytes(512));
  EXPECT_EQ((memory->slot(0) - memory->data()) % 4096, 0);
  EXPECT_EQ(memory->slot(299) - memory->slot(0), 299 * 3200);
  EXPECT_LE(memory->slot(299) + 3200, memory->data() + memory->size());
}

TEST(SharedMemoryTest, RefusesSlotCountsOutOfRange) {
  EXPECT_EQ(SharedMemory::Create(1, 0, 64).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(SharedMemory::Create(1, 65537, 64).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ashlar
