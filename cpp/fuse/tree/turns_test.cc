#include "cpp/fuse/tree/turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace ashlar {
namespace {

TEST(TurnsTest, TasksRunOneAtATimeAndNoneIsForgotten) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 2000;
  Turns turns;
  std::atomic<int> running = 0;
  int ran = 0;  // guarded by the turns
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int task = 0; task < kTasks; ++task) {
        turns.Run([&] {
          EXPECT_EQ(++running, 1);
          ++ran;
          --running;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kTasks);
}

TEST(TurnsTest, ATaskThatBringsAnotherDoesNotWaitForIt) {
  Turns turns;
  std::vector<int> order;
  turns.Run([&] {
    turns.Run([&] { order.push_back(2); });
    order.push_back(1);
  });
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace ashlar
