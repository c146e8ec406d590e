#include "cpp/runtime/async_mutex.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "cpp/runtime/task.h"

namespace ashlar {
namespace {

// Suspends until the test resumes it.
struct Gate {
  std::coroutine_handle<> waiting;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiting = handle; }
  void await_resume() const noexcept {}
  void Open() { std::exchange(waiting, {}).resume(); }
};

Task<int> Hold(AsyncMutex& mutex, Gate& gate, std::string& log, char name) {
  AsyncMutex::Guard guard = co_await mutex.Lock();
  log.push_back(name);
  co_await gate;
  log.push_back(name);
  co_return 0;
}

Task<int> Pass(AsyncMutex& mutex, int& count) {
  AsyncMutex::Guard guard = co_await mutex.Lock();
  co_return ++count;
}

TEST(AsyncMutexTest, OneHolderAtATimeInTheOrderOfTheCalls) {
  AsyncMutex mutex;
  Gate gate_a, gate_b;
  std::string log;
  int done = 0;
  Spawn(Hold(mutex, gate_a, log, 'a'), [&](int) { ++done; });
  Spawn(Hold(mutex, gate_b, log, 'b'), [&](int) { ++done; });
  EXPECT_EQ(log, "a");
  gate_a.Open();
  EXPECT_EQ(log, "aab");
  gate_b.Open();
  EXPECT_EQ(log, "aabb");
  EXPECT_EQ(done, 2);
}

TEST(AsyncMutexTest, AHundredThousandWaitersNeedNoDeepStack) {
  AsyncMutex mutex;
  Gate gate;
  std::string log;
  int count = 0;
  Spawn(Hold(mutex, gate, log, 'a'), [](int) {});
  for (int i = 0; i < 100'000; ++i) Spawn(Pass(mutex, count), [](int) {});
  EXPECT_EQ(count, 0);
  gate.Open();
  EXPECT_EQ(count, 100'000);
}

TEST(AsyncMutexTest, TheLastWaiterMayDestroyIt) {
  auto mutex = std::make_unique<AsyncMutex>();
  Gate gate;
  std::string log;
  int count = 0;
  Spawn(Hold(*mutex, gate, log, 'a'), [](int) {});
  Spawn(Pass(*mutex, count), [&](int) { mutex.reset(); });
  gate.Open();
  EXPECT_EQ(count, 1);
  EXPECT_EQ(mutex, nullptr);
}

}  // namespace
}  // namespace ashlar
