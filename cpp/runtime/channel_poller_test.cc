// A reactor drives every kind of device, under every idle policy, and sleeps in between.
#include "cpp/runtime/channel_poller.h"

#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"
#include "cpp/runtime/io_await.h"
#include "cpp/runtime/runtime.h"
#include "cpp/runtime/task.h"
#include "cpp/testing/device_cases.h"

namespace ashlar {
namespace {

using Case = std::tuple<DeviceCase, IdlePolicy>;

class ChannelPollerTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<DeviceUnderTest>> made =
        DeviceUnderTest::Make(std::get<DeviceCase>(GetParam()), kMiB);
    if (!made.ok() && made.status().code() == StatusCode::kNotSupported) {
      GTEST_SKIP() << made.status().ToString();
    }
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    under_test_ = std::move(made).value();
    RuntimeOptions options;
    options.reactors = 1;
    options.idle_policy = std::get<IdlePolicy>(GetParam());
    Result<std::shared_ptr<Runtime>> runtime = Runtime::Acquire(options);
    ASSERT_TRUE(runtime.ok()) << runtime.status().ToString();
    runtime_ = std::move(runtime).value();
    BlockOn(reactor(), [this]() -> Task<int> { co_return OpenPoller(); });
    ASSERT_NE(poller_, nullptr);
  }

  void TearDown() override {
    if (poller_ != nullptr) {
      BlockOn(reactor(), [this]() -> Task<int> { co_return ClosePoller(); });
    }
  }

  Reactor& reactor() { return runtime_->reactor(0); }

  int OpenPoller() {
    Result<std::unique_ptr<Channel>> channel = under_test_->device().OpenChannel();
    if (!channel.ok()) return -1;
    poller_ = std::make_unique<ChannelPoller>(std::move(channel).value());
    reactor().AddPoller(poller_.get());
    return 0;
  }

  int ClosePoller() {
    reactor().RemovePoller(poller_.get());
    poller_.reset();
    return 0;
  }

  std::unique_ptr<DeviceUnderTest> under_test_;
  std::shared_ptr<Runtime> runtime_;
  std::unique_ptr<ChannelPoller> poller_;
};

class IdleReactorTest : public ChannelPollerTest {};

// Writes, flushes and reads back `pages` pages one after the other; the first error or 0.
Task<int> RoundTrips(Channel& channel, int pages) {
  AlignedBuffer written(kPageBytes);
  AlignedBuffer back(kPageBytes);
  for (int i = 0; i < pages; ++i) {
    const uint64_t offset = static_cast<uint64_t>(i) * kPageBytes;
    std::memset(written.data(), i + 1, kPageBytes);
    int result =
        co_await IoAwait(channel, IoRequest::Op::kWrite, offset, written.data(), kPageBytes);
    if (result != 0) co_return result;
    result = co_await IoAwait(channel, IoRequest::Op::kFlush, 0, nullptr, 0);
    if (result != 0) co_return result;
    result = co_await IoAwait(channel, IoRequest::Op::kRead, offset, back.data(), kPageBytes);
    if (result != 0) co_return result;
    if (std::memcmp(written.data(), back.data(), kPageBytes) != 0) co_return 1;
  }
  co_return 0;
}

TEST_P(ChannelPollerTest, CompletionsReachTheReactorEvenWhenItSleeps) {
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(BlockOn(reactor(), [this] { return RoundTrips(poller_->channel(), 20); }), 0);
  }
}

uint64_t ProcessCpuNs() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

TEST_P(IdleReactorTest, UsesNoCpu) {
  EXPECT_EQ(BlockOn(reactor(), [this] { return RoundTrips(poller_->channel(), 3); }), 0);
  // One that spins uses all of every period; one that sleeps may still be falling asleep in the
  // first, or serve a late signal.
  constexpr int kPeriods = 20;
  uint64_t least_ns = UINT64_MAX;
  for (int period = 0; period < kPeriods && least_ns >= 2'000'000; ++period) {
    const uint64_t before_ns = ProcessCpuNs();
    usleep(40'000);
    least_ns = std::min(least_ns, ProcessCpuNs() - before_ns);
  }
  EXPECT_LT(least_ns, 2'000'000u);
}

// A reactor that sleeps until it is woken looks at nothing meanwhile. Only for a bdev that cannot
// signal, and there is no other but SPDK's malloc here, it looks now and then.
TEST_P(IdleReactorTest, LooksAtNothingWhereItCanBeWoken) {
  struct Counter final : Poller {
    int Poll() override {
      ++polls;
      return 0;
    }
    std::atomic<int> polls{0};
  } counter;
  BlockOn(reactor(), [&]() -> Task<int> {
    reactor().AddPoller(&counter);
    co_return 0;
  });
  EXPECT_EQ(BlockOn(reactor(), [this] { return RoundTrips(poller_->channel(), 3); }), 0);
  const bool looks = DeviceCaseName(std::get<DeviceCase>(GetParam())).starts_with("SpdkMalloc");
  constexpr int kPeriods = 20;
  int undisturbed = 0;
  for (int period = 0; period < kPeriods && (looks || undisturbed == 0); ++period) {
    const int before = counter.polls;
    usleep(50'000);
    undisturbed += counter.polls == before ? 1 : 0;
  }
  if (looks) {
    EXPECT_LT(undisturbed, kPeriods / 2);
  } else {
    EXPECT_GT(undisturbed, 0);
  }
  BlockOn(reactor(), [&]() -> Task<int> {
    reactor().RemovePoller(&counter);
    co_return 0;
  });
}

std::string NameOfCase(const ::testing::TestParamInfo<Case>& test) {
  static constexpr const char* kPolicies[] = {"Adaptive", "Busy", "Interrupt"};
  return DeviceCaseName(std::get<DeviceCase>(test.param)) +
         kPolicies[static_cast<int>(std::get<IdlePolicy>(test.param))];
}

INSTANTIATE_TEST_SUITE_P(On, ChannelPollerTest,
                         ::testing::Combine(::testing::ValuesIn(AllDeviceCases()),
                                            ::testing::Values(IdlePolicy::kAdaptive,
                                                              IdlePolicy::kBusy,
                                                              IdlePolicy::kInterrupt)),
                         NameOfCase);
INSTANTIATE_TEST_SUITE_P(On, IdleReactorTest,
                         ::testing::Combine(::testing::ValuesIn(AllDeviceCases()),
                                            ::testing::Values(IdlePolicy::kAdaptive,
                                                              IdlePolicy::kInterrupt)),
                         NameOfCase);

}  // namespace
}  // namespace ashlar
