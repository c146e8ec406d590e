// Who uses a bdev may sleep where the bdev can signal, and is told where not. Each of these tests
// is to run in a process of its own, as those in spdk_test.cc.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"
#include "cpp/device/device.h"
#include "cpp/device/spdk_library.h"
#include "cpp/device/unique_fd.h"
#include "cpp/testing/sync_io.h"
#include "cpp/testing/temp_dir.h"
#include "cpp/testing/test_spdk.h"

namespace ashlar {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kBdevBytes = 16 * kMiB;
constexpr int kTooLongMs = 10'000;

// Reads of random pages, all in flight at once.
struct Reads {
  explicit Reads(size_t count) : requests(count), memory(count * kPageBytes) {}

  void Submit(Channel& channel, std::mt19937* random) {
    for (size_t i = 0; i < requests.size(); ++i) {
      IoRequest& request = requests[i];
      request.op = IoRequest::Op::kRead;
      request.offset_bytes = (*random)() % (kBdevBytes / kPageBytes) * kPageBytes;
      request.length_bytes = kPageBytes;
      request.data = memory.data() + i * kPageBytes;
      request.result = 1;
      request.done = [](IoRequest*) {};
      channel.Submit(&request);
    }
  }
  bool AllSucceeded() const {
    return std::all_of(requests.begin(), requests.end(),
                       [](const IoRequest& request) { return request.result == 0; });
  }

  std::vector<IoRequest> requests;
  AlignedBuffer memory;
};

class SpdkSleepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status loaded = LoadSpdkForTest();
    if (!loaded.ok()) GTEST_SKIP() << loaded.ToString();
    epoll_fd_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  }

  void Start(const SpdkOptions& options = TestSpdkOptions()) {
    Result<SpdkReference> started = SpdkReference::Start(options);
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    spdk_ = std::move(started).value();
  }

  void MakeAio(const std::string& name) {
    const std::string file = folder_.Join(name);
    const UniqueFd fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(fd.valid());
    const std::vector<uint8_t> zeros(kBdevBytes);  // blocks of the file, not holes
    ASSERT_EQ(write(fd.get(), zeros.data(), zeros.size()), static_cast<ssize_t>(zeros.size()));
    ASSERT_EQ(fsync(fd.get()), 0);
    ASSERT_TRUE(CreateAioBdev(name, file, 4096).ok());
  }

  static std::unique_ptr<Device> MustOpen(const std::string& name) {
    DeviceSpec spec;
    spec.kind = DeviceKind::kSpdk;
    spec.path = name;
    Result<std::unique_ptr<Device>> device = OpenDevice(spec);
    EXPECT_TRUE(device.ok()) << device.status().ToString();
    return device.ok() ? std::move(device).value() : nullptr;
  }

  void WatchFd(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ASSERT_EQ(epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, fd, &event), 0);
  }

  // As a reactor under the idle policy `interrupt`: polls or sleeps once. False: nobody woke it.
  bool PollOrSleep(Channel& channel) {
    if (channel.Poll() > 0) return true;
    channel.AnnounceSleep();
    bool woken = true;
    if (channel.Poll() == 0 && !channel.must_poll()) {
      const int max_ms = channel.max_sleep_ms();
      sleeps_ += max_ms < 0 ? 1 : 0;
      sleeps_in_flight_ += max_ms < 0 && channel.in_flight() > 0 ? 1 : 0;
      epoll_event event;
      woken = epoll_wait(epoll_fd_.get(), &event, 1, max_ms < 0 ? kTooLongMs : max_ms) > 0 ||
              max_ms >= 0;
    }
    channel.AnnounceWake();
    return woken;
  }

  // Whether it may be left alone, after so many looks at most.
  bool FallsAsleep(Channel& channel, int looks) {
    bool asleep = false;
    for (int i = 0; i < looks && !asleep; ++i) {
      channel.AnnounceSleep();
      epoll_event event;
      asleep = channel.Poll() == 0 && channel.max_sleep_ms() < 0 &&
               epoll_wait(epoll_fd_.get(), &event, 1, 0) == 0;
      channel.AnnounceWake();
    }
    return asleep;
  }

  TempDir folder_;
  SpdkReference spdk_;
  UniqueFd epoll_fd_;
  int sleeps_ = 0;
  int sleeps_in_flight_ = 0;
};

TEST_F(SpdkSleepTest, AnAioBdevWakesASleeperForEachCompletion) {
  testing::internal::CaptureStderr();
  Start();
  MakeAio("Aio0");
  const auto device = MustOpen("Aio0");
  ASSERT_NE(device, nullptr);
  for (const bool shared : {false, true}) {
    const auto channel =
        std::move(shared ? device->OpenSharedChannel() : device->OpenChannel()).value();
    WatchFd(channel->wake_fd());
    const unsigned seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    sleeps_in_flight_ = 0;
    for (int round = 0; round < 400; ++round) {
      Reads reads(round % 50 == 49 ? 400 : 1 + random() % 4);
      reads.Submit(*channel, &random);
      for (uint64_t i = random() % 3; i > 0; --i) channel->Poll();
      if (random() % 4 == 0) usleep(static_cast<useconds_t>(random() % 400));
      while (channel->in_flight() > 0) {
        ASSERT_TRUE(PollOrSleep(*channel)) << "nobody woke it in round " << round;
      }
      ASSERT_TRUE(reads.AllSucceeded());
    }
    EXPECT_GT(sleeps_in_flight_, 0);
    EXPECT_TRUE(FallsAsleep(*channel, 100));
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), Not(HasSubstr("cannot signal")));
}

// SPDK clears few of the signals that were not needed at a time.
TEST_F(SpdkSleepTest, WhatWasCompletedByPollingDoesNotKeepItAwake) {
  testing::internal::CaptureStderr();
  Start();
  MakeAio("Aio0");
  const auto device = MustOpen("Aio0");
  const auto channel = std::move(device->OpenChannel()).value();
  WatchFd(channel->wake_fd());
  std::mt19937 random(1);
  Reads reads(100);
  for (int i = 0; i < 300; ++i) {
    reads.Submit(*channel, &random);
    Drain(*channel);
  }
  EXPECT_TRUE(FallsAsleep(*channel, 500));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), Not(HasSubstr("cannot signal")));
}

TEST_F(SpdkSleepTest, AMallocBdevIsPolledAndThatIsSaidOnce) {
  testing::internal::CaptureStderr();
  Start();
  ASSERT_TRUE(CreateMallocBdev("Malloc5", kBdevBytes, 4096).ok());
  const auto device = MustOpen("Malloc5");
  const auto channel = std::move(device->OpenChannel()).value();
  const auto shared = std::move(device->OpenSharedChannel()).value();
  const std::string said = testing::internal::GetCapturedStderr();
  const size_t first = said.find("Malloc5 cannot signal");
  EXPECT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("Malloc5", first + 1), std::string::npos) << said;
  std::mt19937 random(1);
  Reads reads(1);
  reads.Submit(*channel, &random);
  channel->AnnounceSleep();
  EXPECT_TRUE(channel->must_poll());
  channel->AnnounceWake();
  Drain(*channel);
  channel->AnnounceSleep();
  EXPECT_FALSE(channel->must_poll());
  EXPECT_EQ(channel->max_sleep_ms(), 10);
  channel->AnnounceWake();
}

TEST_F(SpdkSleepTest, BesideABdevThatCannotSignalItIsPolledAndSleepsWithoutIt) {
  testing::internal::CaptureStderr();
  Start();
  MakeAio("Aio0");
  ASSERT_TRUE(CreateMallocBdev("Malloc0", kBdevBytes, 4096).ok());
  const auto aio = MustOpen("Aio0");
  const auto memory = MustOpen("Malloc0");
  const auto channel = std::move(aio->OpenChannel()).value();
  WatchFd(channel->wake_fd());
  auto beside = std::move(memory->OpenChannel()).value();
  std::mt19937 random(1);
  Reads reads(3);
  reads.Submit(*channel, &random);
  Drain(*channel);
  EXPECT_FALSE(FallsAsleep(*channel, 1000));
  epoll_event event;
  EXPECT_EQ(epoll_wait(epoll_fd_.get(), &event, 1, 0), 0) << "signals for nobody";
  beside.reset();
  while (!FallsAsleep(*channel, 1)) usleep(10'000);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("Malloc0 cannot signal"));
  EXPECT_THAT(said, Not(HasSubstr("Aio0 cannot signal")));
}

// SPDK asks each thread that has a channel.
TEST_F(SpdkSleepTest, MessagesWakeASleeper) {
  Start();
  MakeAio("Aio0");
  const auto device = MustOpen("Aio0");
  const auto channel = std::move(device->OpenChannel()).value();
  WatchFd(channel->wake_fd());
  const UniqueFd finished(eventfd(0, EFD_CLOEXEC));
  WatchFd(finished.get());
  std::atomic<bool> asked{false};
  std::thread asker([&] {
    for (int i = 0; i < 300; ++i) {
      EXPECT_TRUE(MustCallSpdk("bdev_get_iostat", "{}").ok());
    }
    asked = true;
    eventfd_write(finished.get(), 1);
  });
  while (!asked) {
    if (!PollOrSleep(*channel)) {
      ADD_FAILURE() << "nobody woke it";
      channel->Poll();
    }
  }
  asker.join();
  EXPECT_GT(sleeps_, 0);
}

TEST_F(SpdkSleepTest, ABdevThatIsTakenAwayWakesItsSleepers) {
  Start();
  MakeAio("Aio0");
  const auto device = MustOpen("Aio0");
  const auto channel = std::move(device->OpenChannel()).value();
  WatchFd(channel->wake_fd());
  ASSERT_TRUE(FallsAsleep(*channel, 100));
  const UniqueFd finished(eventfd(0, EFD_CLOEXEC));
  WatchFd(finished.get());
  std::atomic<bool> deleted{false};
  std::thread deleter([&] {
    EXPECT_TRUE(DeleteBdev("aio", "Aio0").ok());
    deleted = true;
    eventfd_write(finished.get(), 1);
  });
  while (!deleted) {
    if (!PollOrSleep(*channel)) {
      ADD_FAILURE() << "nobody woke it";
      channel->Poll();
    }
  }
  deleter.join();
  AlignedBuffer page(kPageBytes);
  EXPECT_EQ(SyncRead(*channel, 0, page.span()), -ENODEV);
}

// In the moment between the announcement and the wait, and by another thread.
TEST_F(SpdkSleepTest, WhatIsSubmittedToASleeperWakesIt) {
  Start();
  MakeAio("Aio0");
  const auto device = MustOpen("Aio0");
  const auto channel = std::move(device->OpenSharedChannel()).value();
  WatchFd(channel->wake_fd());
  ASSERT_TRUE(FallsAsleep(*channel, 100));
  std::mt19937 random(1);
  Reads reads(1);
  channel->AnnounceSleep();
  ASSERT_EQ(channel->max_sleep_ms(), -1);
  std::thread([&] { reads.Submit(*channel, &random); }).join();
  epoll_event event;
  EXPECT_EQ(epoll_wait(epoll_fd_.get(), &event, 1, kTooLongMs), 1);
  channel->AnnounceWake();
  Drain(*channel);
  EXPECT_TRUE(reads.AllSucceeded());
}

TEST_F(SpdkSleepTest, WithoutInterruptsEveryBdevIsPolled) {
  testing::internal::CaptureStderr();
  SpdkOptions options = TestSpdkOptions();
  options.interrupts = false;
  Start(options);
  MakeAio("Aio0");
  const auto device = MustOpen("Aio0");
  const auto channel = std::move(device->OpenChannel()).value();
  EXPECT_EQ(channel->wake_fd(), -1);
  std::mt19937 random(1);
  Reads reads(4);
  reads.Submit(*channel, &random);
  channel->AnnounceSleep();
  EXPECT_TRUE(channel->must_poll());
  EXPECT_EQ(channel->max_sleep_ms(), 10);
  channel->AnnounceWake();
  Drain(*channel);
  EXPECT_TRUE(reads.AllSucceeded());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("interrupt mode is off"));
  EXPECT_THAT(said, Not(HasSubstr("cannot signal")));
  spdk_.Release();
}

}  // namespace
}  // namespace ashlar
