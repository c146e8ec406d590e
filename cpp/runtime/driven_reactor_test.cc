// A reactor without a thread: whoever waits for its work drives it, one at a time.
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"
#include "cpp/device/device.h"
#include "cpp/runtime/channel_poller.h"
#include "cpp/runtime/reactor.h"
#include "cpp/testing/temp_dir.h"

namespace ashlar {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kLongMs = 20'000;
constexpr std::chrono::seconds kNotLong{15};

std::unique_ptr<Reactor> NewDriven() {
  return std::move(Reactor::CreateDriven(0, RuntimeOptions())).value();
}

// Counts its turns and notices two at once.
class TurnPoller final : public Poller {
 public:
  int Poll() override {
    overlaps += inside.exchange(true) ? 1 : 0;
    ++turns;
    inside.store(false);
    return 0;
  }
  std::atomic<bool> inside{false};
  int overlaps = 0;
  int turns = 0;
};

TEST(DrivenReactorTest, ThreadsTakeTurns) {
  const std::unique_ptr<Reactor> reactor = NewDriven();
  TurnPoller poller;
  reactor->RunHere([&] { reactor->AddPoller(&poller); });
  std::vector<std::thread> threads;
  int here = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        reactor->Turn();
        reactor->RunHere([&] { ++here; });
        if (n % 100 == 0) reactor->Await(0);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(here, 4000);
  EXPECT_GT(poller.turns, 0);
  EXPECT_EQ(poller.overlaps, 0);
  EXPECT_EQ(Reactor::Current(), nullptr);
}

TEST(DrivenReactorTest, ATurnIsTheReactor) {
  const std::unique_ptr<Reactor> reactor = NewDriven();
  EXPECT_TRUE(reactor->is_driven());
  EXPECT_EQ(reactor->RunHere([] { return Reactor::Current(); }), reactor.get());
  EXPECT_EQ(Reactor::Current(), nullptr);
}

TEST(DrivenReactorTest, WakeEndsASleep) {
  const std::unique_ptr<Reactor> reactor = NewDriven();
  std::thread waker([&] { reactor->Wake(); });
  const Clock::time_point start = Clock::now();
  reactor->Await(kLongMs);
  EXPECT_LT(Clock::now() - start, kNotLong);
  waker.join();
}

// Ready at once, so that whoever sleeps returns and tells it that it is awake.
class FdPoller final : public Poller {
 public:
  FdPoller() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~FdPoller() override { close(fd_); }
  int Poll() override { return 0; }
  int wake_fd() const override { return fd_; }
  void AnnounceWake() override { ++wakes; }
  int wakes = 0;

 private:
  const int fd_;
};

TEST(DrivenReactorTest, APollerMayLeaveWhileSomebodySleeps) {
  const std::unique_ptr<Reactor> reactor = NewDriven();
  for (int round = 0; round < 50; ++round) {
    auto poller = std::make_unique<FdPoller>();
    reactor->RunHere([&] { reactor->AddPoller(poller.get()); });
    std::thread sleeper([&] { reactor->Await(kLongMs); });
    reactor->RunHere([&] { reactor->RemovePoller(poller.get()); });
    poller.reset();
    reactor->Wake();
    sleeper.join();
  }
}

// Without the bound it sleeps for ever.
TEST(DrivenReactorTest, APollerMayBoundTheSleep) {
  class Restless final : public Poller {
   public:
    int Poll() override { return 0; }
    int max_sleep_ms() const override { return 1; }
  };
  const std::unique_ptr<Reactor> reactor = NewDriven();
  Restless poller;
  reactor->RunHere([&] { reactor->AddPoller(&poller); });
  reactor->Await(-1);
  reactor->Await(kLongMs);
  reactor->RunHere([&] { reactor->RemovePoller(&poller); });
}

class SharedChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    DeviceSpec spec;
    spec.kind = DeviceKind::kFile;
    spec.path = folder_.Join("device");
    spec.size_bytes = kMiB;
    spec.create = true;
    Result<std::unique_ptr<Device>> device = OpenDevice(spec);
    ASSERT_TRUE(device.ok()) << device.status().ToString();
    device_ = std::move(device).value();
    Result<std::unique_ptr<Channel>> channel = device_->OpenSharedChannel();
    if (channel.status().code() == StatusCode::kNotSupported) {
      GTEST_SKIP() << channel.status().ToString();
    }
    ASSERT_TRUE(channel.ok()) << channel.status().ToString();
    poller_ = std::make_unique<ChannelPoller>(std::move(channel).value());
    reactor_->RunHere([this] { reactor_->AddPoller(poller_.get()); });
  }

  void TearDown() override {
    if (poller_ == nullptr) return;
    reactor_->RunHere([this] { reactor_->RemovePoller(poller_.get()); });
  }

  struct Io {
    AlignedBuffer buffer{kPageBytes};
    IoRequest request;
    std::atomic<bool> done{false};
  };

  void Submit(Io& io, IoRequest::Op op, uint64_t offset_bytes) {
    io.request.op = op;
    io.request.offset_bytes = offset_bytes;
    io.request.length_bytes = kPageBytes;
    io.request.data = io.buffer.data();
    io.request.owner = &io;
    io.request.done = [](IoRequest* request) {
      static_cast<Io*>(request->owner)->done.store(true);
    };
    reactor_->RunHere([&] { poller_->channel().Submit(&io.request); });
  }

  void AwaitDone(Io& io) {
    while (!io.done.load()) reactor_->Await(kLongMs);
    EXPECT_EQ(io.request.result, 0);
    io.done.store(false);
  }

  const TempDir folder_;
  std::unique_ptr<Device> device_;
  const std::unique_ptr<Reactor> reactor_ = NewDriven();
  std::unique_ptr<ChannelPoller> poller_;
};

TEST_F(SharedChannelTest, WhatAThreadSubmittedIsReapedByAnotherAfterItHasEnded) {
  std::vector<std::unique_ptr<Io>> all;
  for (uint64_t i = 0; i < 32; ++i) {
    auto io = std::make_unique<Io>();
    std::memset(io->buffer.data(), static_cast<int>(i + 1), kPageBytes);
    std::thread([&] {
      Submit(*io, IoRequest::Op::kWrite, i * kPageBytes);
      reactor_->Turn();
    }).join();
    all.push_back(std::move(io));
  }
  for (const auto& io : all) AwaitDone(*io);
  for (uint64_t i = 0; i < 32; ++i) {
    std::memset(all[i]->buffer.data(), 0, kPageBytes);
    std::thread([&] {
      Submit(*all[i], IoRequest::Op::kRead, i * kPageBytes);
      reactor_->Turn();
    }).join();
  }
  for (uint64_t i = 0; i < 32; ++i) {
    AwaitDone(*all[i]);
    EXPECT_EQ(all[i]->buffer.data()[kPageBytes - 1], i + 1);
  }
}

TEST_F(SharedChannelTest, ACompletionEndsTheSleepOfAThreadThatDidNotSubmit) {
  for (int round = 0; round < 50; ++round) {
    Io io;
    std::thread sleeper([&] { AwaitDone(io); });
    Submit(io, IoRequest::Op::kRead, 0);
    reactor_->Turn();
    sleeper.join();
  }
}

}  // namespace
}  // namespace ashlar
