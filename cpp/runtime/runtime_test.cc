#include "cpp/runtime/runtime.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "cpp/runtime/task.h"

namespace ashlar {
namespace {

class RuntimeIdleTest : public ::testing::TestWithParam<IdlePolicy> {};

struct CountingMessage : Message {
  std::atomic<int>* count = nullptr;
};

TEST_P(RuntimeIdleTest, EveryMessageOfManyThreadsRunsOnce) {
  RuntimeOptions options;
  options.reactors = 2;
  options.idle_policy = GetParam();
  auto runtime = Runtime::Acquire(options);
  ASSERT_TRUE(runtime.ok()) << runtime.status().ToString();
  constexpr int kThreads = 4;
  constexpr int kPerThread = 5000;
  std::atomic<int> count{0};
  std::vector<std::vector<CountingMessage>> messages(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    messages[t] = std::vector<CountingMessage>(kPerThread);
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPerThread; ++i) {
        messages[t][i].count = &count;
        messages[t][i].run = [](Message* m) { ++*static_cast<CountingMessage*>(m)->count; };
        (*runtime)->reactor(i % 2).Post(&messages[t][i]);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  (*runtime).reset();  // joins the reactors, which run what was posted first
  EXPECT_EQ(count.load(), kThreads * kPerThread);
}

TEST_P(RuntimeIdleTest, ASleepingReactorWakesForEachCall) {
  RuntimeOptions options;
  options.reactors = 1;
  options.idle_policy = GetParam();
  options.spin_ns = 0;
  auto runtime = Runtime::Acquire(options);
  ASSERT_TRUE(runtime.ok());
  Reactor& reactor = (*runtime)->reactor(0);
  for (int i = 0; i < 200; ++i) {
    const int answer = BlockOn(reactor, [&reactor, i]() -> Task<int> {
      EXPECT_TRUE(reactor.IsCurrent());
      co_return i;
    });
    EXPECT_EQ(answer, i);
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, RuntimeIdleTest,
                         ::testing::Values(IdlePolicy::kAdaptive, IdlePolicy::kBusy,
                                           IdlePolicy::kInterrupt));

TEST(RuntimeTest, IsOnePerProcessAndEndsWithItsLastUser) {
  auto first = Runtime::Acquire(RuntimeOptions());
  auto second = Runtime::Acquire(RuntimeOptions());
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(first->get(), second->get());
  RuntimeOptions other;
  other.reactors = 7;
  EXPECT_EQ(Runtime::Acquire(other).status().code(), StatusCode::kInvalidArgument);
  first->reset();
  second->reset();
  auto third = Runtime::Acquire(other);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ((*third)->reactor_count(), 7u);
}

TEST(RuntimeTest, RefusesOptionsOutOfRangeAndNamesThem) {
  RuntimeOptions options;
  options.reactors = 65;
  const Status status = Runtime::Acquire(options).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.ToString().find("65"), std::string::npos);
}

Task<int> Deep(int levels) {
  if (levels == 0) co_return 0;
  const int below = co_await Deep(levels - 1);
  co_return below + 1;
}

TEST(TaskTest, AwaitsNestedTasks) {
  auto runtime = Runtime::Acquire(RuntimeOptions());
  ASSERT_TRUE(runtime.ok());
  EXPECT_EQ(BlockOn((*runtime)->reactor(0), [] { return Deep(1000); }), 1000);
}

}  // namespace
}  // namespace ashlar
