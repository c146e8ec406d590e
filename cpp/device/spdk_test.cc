// SPDK in this process: starting, configuring and ending it, and what can go wrong with its bdevs.
// DPDK can be initialised once in a process, so each of these tests is to run in its own (ctest
// does that).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"
#include "cpp/device/device.h"
#include "cpp/device/huge_pages.h"
#include "cpp/device/spdk_library.h"
#include "cpp/testing/sync_io.h"
#include "cpp/testing/temp_dir.h"
#include "cpp/testing/test_spdk.h"

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kBdevBytes = 16 * kMiB;

std::string MallocConfig(const std::string& name) {
  return R"({"subsystems": [{"subsystem": "bdev", "config": [{"method": "bdev_malloc_create",
    "params": {"name": ")" +
         name + R"(", "num_blocks": 4096, "block_size": 4096}}]}]})";
}

DeviceSpec Bdev(const std::string& name) {
  DeviceSpec spec;
  spec.kind = DeviceKind::kSpdk;
  spec.path = name;
  return spec;
}

std::unique_ptr<Device> MustOpen(const DeviceSpec& spec) {
  Result<std::unique_ptr<Device>> device = OpenDevice(spec);
  EXPECT_TRUE(device.ok()) << device.status().ToString();
  return device.ok() ? std::move(device).value() : nullptr;
}

class SpdkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status loaded = LoadSpdkForTest();
    if (!loaded.ok()) GTEST_SKIP() << loaded.ToString();
  }

  void Start(const SpdkOptions& options) {
    Result<SpdkReference> started = SpdkReference::Start(options);
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    spdk_ = std::move(started).value();
  }
  void Start() { Start(TestSpdkOptions()); }

  SpdkReference spdk_;
};

// --- without SPDK --------------------------------------------------------------------------------

TEST(WithoutSpdkTest, ABdevIsRefusedWithTheRemedy) {
  const Result<std::unique_ptr<Device>> device = OpenDevice(Bdev("Malloc0"));
  ASSERT_FALSE(device.ok());
  EXPECT_EQ(device.status().code(), StatusCode::kClosed);
  EXPECT_THAT(device.status().context(), HasSubstr("Malloc0"));
  EXPECT_EQ(CallSpdk("rpc_get_methods", "").status().code(), StatusCode::kClosed);
  EXPECT_FALSE(IsSpdkRunning());
  EXPECT_TRUE(SpdkCores().empty());
  EXPECT_EQ(SpdkReference::Start({}).status().code(), StatusCode::kNotSupported);
}

TEST(WithoutSpdkTest, ALibraryThatIsMissingOrAnothersIsRefused) {
  EXPECT_EQ(LoadSpdk("/nowhere/libashlar_spdk.so").code(), StatusCode::kNotSupported);
  EXPECT_EQ(LoadSpdk("libc.so.6").code(), StatusCode::kNotSupported);
}

// --- start and stop ------------------------------------------------------------------------------

TEST_F(SpdkTest, TheConfigurationMakesItsBdevs) {
  Start(TestSpdkOptions(MallocConfig("Malloc7")));
  EXPECT_TRUE(IsSpdkRunning());
  const auto device = MustOpen(Bdev("Malloc7"));
  ASSERT_NE(device, nullptr);
  EXPECT_EQ(device->info().size_bytes, kBdevBytes);
  EXPECT_EQ(device->info().backend, "spdk");
}

TEST_F(SpdkTest, LoadingItLeavesSignalsToTheirOwners) {
  Start();
  struct sigaction action {};
  sigaction(SIGBUS, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
}

TEST_F(SpdkTest, TheCallingThreadKeepsItsCores) {
  cpu_set_t before, after;
  sched_getaffinity(0, sizeof(before), &before);
  SpdkOptions options = TestSpdkOptions();
  options.core_mask = "0x1";
  Start(options);
  sched_getaffinity(0, sizeof(after), &after);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
  EXPECT_THAT(SpdkCores(), ElementsAre(0));
}

TEST_F(SpdkTest, TheLastReferenceEndsItAndItStartsAgain) {
  for (int i = 0; i < 3; ++i) {
    const std::string name = "Malloc" + std::to_string(i);
    Start(TestSpdkOptions(MallocConfig(name)));
    Result<SpdkReference> second = SpdkReference::Start(TestSpdkOptions(MallocConfig(name)));
    ASSERT_TRUE(second.ok()) << second.status().ToString();
    spdk_.Release();
    EXPECT_TRUE(IsSpdkRunning());
    ASSERT_NE(MustOpen(Bdev(name)), nullptr);
    second->Release();
    EXPECT_FALSE(IsSpdkRunning());
    EXPECT_EQ(OpenDevice(Bdev(name)).status().code(), StatusCode::kClosed);
  }
}

TEST_F(SpdkTest, AnOpenDeviceKeepsItRunning) {
  Start(TestSpdkOptions(MallocConfig("Malloc0")));
  auto device = MustOpen(Bdev("Malloc0"));
  spdk_.Release();
  EXPECT_TRUE(IsSpdkRunning());
  auto channel = std::move(device->OpenChannel()).value();
  const AlignedBuffer page(kPageBytes);
  EXPECT_EQ(SyncWrite(*channel, 0, page.span()), 0);
  channel.reset();
  device.reset();
  EXPECT_FALSE(IsSpdkRunning());
}

TEST_F(SpdkTest, OtherOptionsAreRefusedWhileItRuns) {
  Start(TestSpdkOptions(MallocConfig("Malloc0")));
  const Status status = SpdkReference::Start(TestSpdkOptions()).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.context(), HasSubstr("another configuration"));
  EXPECT_TRUE(IsSpdkRunning());
}

TEST_F(SpdkTest, ASecondEnvironmentIsRefused) {
  Start();
  spdk_.Release();
  SpdkOptions options = TestSpdkOptions();
  options.memory_mib = 600;
  const Status status = SpdkReference::Start(options).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.context(), HasSubstr("memory_mib 512"));
  Start();
}

// --- bad options ---------------------------------------------------------------------------------

TEST_F(SpdkTest, BadOptionsAreRefusedAndGoodOnesWorkAfterwards) {
  const auto refused = [](auto change) {
    SpdkOptions options = TestSpdkOptions();
    change(options);
    const Status status = SpdkReference::Start(options).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
    EXPECT_FALSE(IsSpdkRunning());
    return status.context();
  };
  EXPECT_THAT(refused([](SpdkOptions& o) { o.core_mask = "0xzz"; }), HasSubstr("0xzz"));
  EXPECT_THAT(refused([](SpdkOptions& o) { o.core_mask = "[1000]"; }), HasSubstr("core 1000"));
  EXPECT_THAT(refused([](SpdkOptions& o) { o.memory_mib = 1; }), HasSubstr("memory_mib is 1"));
  EXPECT_THAT(refused([](SpdkOptions& o) { o.huge_dir = "/dev/hugepages"; }),
              HasSubstr("huge_dir"));
  EXPECT_THAT(refused([](SpdkOptions& o) { o.config = "{\n\n]"; }), HasSubstr("line 3"));
  EXPECT_THAT(refused([](SpdkOptions& o) { o.config = "[]"; }), HasSubstr("no object"));
  EXPECT_THAT(refused([](SpdkOptions& o) { o.config = R"({"subsystems": 1})"; }),
              HasSubstr("subsystems"));
  EXPECT_THAT(refused([](SpdkOptions& o) {
                o.config = R"({"subsystems": [{"subsystem": "bdev", "config": [{}, {"a": 1}]}]})";
              }),
              HasSubstr("method"));
  EXPECT_THAT(refused([](SpdkOptions& o) { o.config = R"({"subsystems": [1]})"; }),
              HasSubstr("no object"));
  Start();
}

TEST_F(SpdkTest, WithoutHugePagesItSaysHowToGetThem) {
  SpdkOptions options;
  options.memory_mib = static_cast<uint32_t>(FreeHugePageBytes() / kMiB) + 1024;
  const Status status = SpdkReference::Start(options).status();
  EXPECT_EQ(status.code(), StatusCode::kOutOfMemory);
  EXPECT_THAT(status.context(), HasSubstr("vm.nr_hugepages="));
  Start();
}

TEST_F(SpdkTest, AConfigurationThatFailsLeavesNothingAndABetterOneWorks) {
  const auto refused = [](const std::string& method, const std::string& params) {
    SpdkOptions options = TestSpdkOptions(
        R"({"subsystems": [{"subsystem": "bdev", "config": [
        {"method": "bdev_malloc_create",
         "params": {"name": "M", "num_blocks": 64, "block_size": 512}},
        {"method": ")" +
        method + R"(", "params": )" + params + "}]}]}");
    const Status status = SpdkReference::Start(options).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.ToString();
    EXPECT_FALSE(IsSpdkRunning());
    return status.context();
  };
  EXPECT_THAT(refused("bdev_no_such_create", "{}"), HasSubstr("bdev_no_such_create"));
  EXPECT_THAT(refused("bdev_malloc_create", R"({"name": "X"})"), HasSubstr("\"X\""));
  EXPECT_THAT(refused("bdev_aio_create", R"({"name": "A", "filename": "/nowhere"})"),
              HasSubstr("/nowhere"));
  Start(TestSpdkOptions(MallocConfig("M")));
}

TEST_F(SpdkTest, PoolsThatDoNotFitIntoTheMemoryAreAnError) {
  SpdkOptions options = TestSpdkOptions();
  options.memory_mib = 64;
  const Status status = SpdkReference::Start(options).status();
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.context(), HasSubstr("memory_mib"));
  EXPECT_FALSE(SpdkReference::Start(TestSpdkOptions()).ok());
}

#if defined(ASHLAR_OTHER_DPDK) && !defined(__SANITIZE_ADDRESS__)
// In a process of its own, which finds another DPDK.
TEST_F(SpdkTest, ADpdkThatSpdkWasNotBuiltForIsAnErrorWithTheRemedy) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ASSERT_EQ(setenv("LD_PRELOAD", ASHLAR_OTHER_DPDK, 1), 0);
  const auto start = [] {
    const Status status = SpdkReference::Start(TestSpdkOptions()).status();
    std::fprintf(stderr, "%d: %s", static_cast<int>(status.code()), status.context().c_str());
    std::exit(IsSpdkRunning() ? 1 : 0);
  };
  EXPECT_EXIT(start(), ::testing::ExitedWithCode(0),
              "built for the DPDK that is installed.*99\\.11\\.0");
  unsetenv("LD_PRELOAD");
}
#endif

// --- rpc -----------------------------------------------------------------------------------------

TEST_F(SpdkTest, ItsOwnMethodsAnswer) {
  Start(TestSpdkOptions(MallocConfig("Malloc0")));
  const Result<SpdkReply> methods = CallSpdk("rpc_get_methods", "");
  ASSERT_TRUE(methods.ok()) << methods.status().ToString();
  EXPECT_EQ(methods.value().error_code, 0);
  EXPECT_THAT(methods.value().text, HasSubstr("\"bdev_malloc_create\""));
  EXPECT_THAT(methods.value().text, Not(HasSubstr("spdk_kill_instance")));
  const Result<SpdkReply> bdevs = CallSpdk("bdev_get_bdevs", R"({"name": "Malloc0"})");
  EXPECT_THAT(bdevs.value().text, HasSubstr("\"num_blocks\":4096"));
  EXPECT_EQ(CallSpdk("bdev_get_bdevs", R"({"name": "None"})").value().error_code, -19);
  EXPECT_EQ(CallSpdk("no_such_method", "{}").value().error_code, -32601);
}

TEST_F(SpdkTest, ParametersThatAreNoJsonNeverReachIt) {
  Start();
  for (const char* params : {"{", "1", "\"a\"", "{} {}", "{\"a\":}", "nul", "[1"}) {
    EXPECT_EQ(CallSpdk("bdev_get_bdevs", params).status().code(), StatusCode::kInvalidArgument)
        << params;
  }
}

TEST_F(SpdkTest, NothingOfItsSocketIsLeftInTheTemporaryFolder) {
  const TempDir folder;
  // Longer than the path of a socket may be.
  const std::string deep = folder.Join(std::string(200, 'd'));
  ASSERT_EQ(mkdir(deep.c_str(), 0700), 0);
  ASSERT_EQ(setenv("TMPDIR", deep.c_str(), 1), 0);
  Start();
  EXPECT_TRUE(std::filesystem::is_empty(deep)) << "while it runs, in case the process is killed";
  EXPECT_EQ(CallSpdk("rpc_get_methods", "").value().error_code, 0);
  spdk_.Release();
  EXPECT_TRUE(std::filesystem::is_empty(deep));
  ASSERT_EQ(setenv("TMPDIR", folder.Join("missing").c_str(), 1), 0);
  const Status refused = SpdkReference::Start(TestSpdkOptions()).status();
  EXPECT_THAT(refused.context(), HasSubstr("TMPDIR"));
}

TEST_F(SpdkTest, ManyThreadsMayCallAtOnce) {
  Start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([i] {
      const std::string name = "Malloc" + std::to_string(i);
      for (int j = 0; j < 3; ++j) {
        ASSERT_TRUE(CreateMallocBdev(name, kMiB, 512).ok());
        ASSERT_TRUE(DeleteBdev("malloc", name).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// --- bdevs ---------------------------------------------------------------------------------------

TEST_F(SpdkTest, ABdevIsOpenOnce) {
  Start(TestSpdkOptions(MallocConfig("Malloc0")));
  const auto device = MustOpen(Bdev("Malloc0"));
  EXPECT_EQ(OpenDevice(Bdev("Malloc0")).status().code(), StatusCode::kBusy);
  DeviceSpec read_only = Bdev("Malloc0");
  read_only.read_only = true;
  EXPECT_EQ(OpenDevice(read_only).status().code(), StatusCode::kBusy);
  const Status missing = OpenDevice(Bdev("Malloc9")).status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_THAT(missing.context(), HasSubstr("Malloc9"));
}

TEST_F(SpdkTest, BlocksOfAnotherSizeAreRefused) {
  Start();
  ASSERT_TRUE(
      MustCallSpdk("bdev_malloc_create", R"({"name": "M", "num_blocks": 64, "block_size": 1024})")
          .ok());
  const Status status = OpenDevice(Bdev("M")).status();
  EXPECT_EQ(status.code(), StatusCode::kNotSupported);
  EXPECT_THAT(status.context(), HasSubstr("1024"));
}

// SPDK's uring bdev writes into the page cache or the drive's and knows no flush.
TEST_F(SpdkTest, R1ABdevWithoutFlushIsWrittenOnlyIfItsCacheIsSaidToBeNonVolatile) {
  Start();
  TempDir folder;
  const std::string file = folder.Join("file");
  { std::ofstream(file) << std::string(kBdevBytes, '\0'); }
  const Status made = MustCallSpdk(
      "bdev_uring_create", R"({"name": "U", "filename": ")" + file + R"(", "block_size": 4096})");
  if (!made.ok()) GTEST_SKIP() << made.ToString();
  const Status refused = OpenDevice(Bdev("U")).status();
  EXPECT_EQ(refused.code(), StatusCode::kNotSupported);
  EXPECT_THAT(refused.context(), HasSubstr("non_volatile_cache"));
  DeviceSpec read_only = Bdev("U");
  read_only.read_only = true;
  EXPECT_NE(MustOpen(read_only), nullptr);
  DeviceSpec stated = Bdev("U");
  stated.non_volatile_cache = true;
  const auto device = MustOpen(stated);
  ASSERT_NE(device, nullptr);
  EXPECT_FALSE(device->info().volatile_cache);
  const auto channel = std::move(device->OpenChannel()).value();
  const AlignedBuffer page(kPageBytes);
  EXPECT_EQ(SyncWrite(*channel, 0, page.span()), 0);
  EXPECT_EQ(SyncFlush(*channel), 0);
}

TEST_F(SpdkTest, ABdevThatIsTakenAwayFailsForGoodAndEverythingCloses) {
  Start(TestSpdkOptions(MallocConfig("Malloc0")));
  auto device = MustOpen(Bdev("Malloc0"));
  auto channel = std::move(device->OpenChannel()).value();
  auto shared = std::move(device->OpenSharedChannel()).value();
  AlignedBuffer page(kPageBytes);
  ASSERT_EQ(SyncWrite(*channel, 0, page.span()), 0);
  // Deleting it waits until the channels have let go.
  std::atomic<bool> deleted{false};
  std::thread deleter([&] {
    EXPECT_TRUE(DeleteBdev("malloc", "Malloc0").ok());
    deleted = true;
  });
  while (!deleted) {
    shared->Poll();  // SPDK asks each thread that has a channel
    const int result = SyncRead(*channel, 0, page.span());
    EXPECT_TRUE(result == 0 || result == -ENODEV) << result;
  }
  deleter.join();
  EXPECT_EQ(SyncRead(*channel, 0, page.span()), -ENODEV);
  EXPECT_EQ(SyncRead(*shared, 0, page.span()), -ENODEV);
  EXPECT_EQ(SyncWrite(*channel, 0, page.span()), -ENODEV);
  EXPECT_EQ(SyncFlush(*channel), -ENODEV);
  EXPECT_FALSE(device->OpenChannel().ok());
  ASSERT_TRUE(CreateMallocBdev("Malloc0", kBdevBytes, 4096).ok());
  EXPECT_EQ(SyncRead(*channel, 0, page.span()), -ENODEV) << "another bdev of the same name";
  channel.reset();
  shared.reset();
  device.reset();
  EXPECT_NE(MustOpen(Bdev("Malloc0")), nullptr);
}

TEST_F(SpdkTest, AnyThreadMayUseASharedChannelBesidesItsOwn) {
  Start(TestSpdkOptions(MallocConfig("Malloc0")));
  const auto device = MustOpen(Bdev("Malloc0"));
  auto own = std::move(device->OpenChannel()).value();
  auto shared = std::move(device->OpenSharedChannel()).value();
  AlignedBuffer page(kPageBytes);
  std::memset(page.data(), 7, page.size());
  IoRequest write;
  write.op = IoRequest::Op::kWrite;
  write.length_bytes = kPageBytes;
  write.data = page.data();
  write.result = 1;
  write.done = [](IoRequest*) {};
  std::thread([&] { shared->Submit(&write); }).join();
  Drain(*shared);
  EXPECT_EQ(write.result, 0);
  AlignedBuffer back(kPageBytes);
  ASSERT_EQ(SyncRead(*own, 0, back.span()), 0);
  EXPECT_EQ(std::memcmp(back.data(), page.data(), kPageBytes), 0);
  std::thread([&] {
    std::memset(back.data(), 0, back.size());
    EXPECT_EQ(SyncRead(*shared, 0, back.span()), 0);
  }).join();
  EXPECT_EQ(std::memcmp(back.data(), page.data(), kPageBytes), 0);
  own.reset();
  std::thread([&] { shared.reset(); }).join();
}

TEST_F(SpdkTest, ABdevThatIsTakenAwayWithoutChannelsCloses) {
  Start(TestSpdkOptions(MallocConfig("Malloc0")));
  auto device = MustOpen(Bdev("Malloc0"));
  EXPECT_TRUE(DeleteBdev("malloc", "Malloc0").ok());
  EXPECT_FALSE(device->OpenChannel().ok());
}

// A bdev that can lends its memory to small reads: they are copied out in Poll(), and it gets the
// memory back after they have ended.
TEST_F(SpdkTest, ReadsOfEverySizeInFlightTogetherBringWhatWasWritten) {
  Start();
  ASSERT_TRUE(CreateMallocBdev("Malloc0", kBdevBytes, 512).ok());
  const auto device = MustOpen(Bdev("Malloc0"));
  const auto channel = std::move(device->OpenChannel()).value();
  constexpr uint32_t kBytes = 1 * kMiB;
  AlignedBuffer written(kBytes);
  for (uint32_t i = 0; i < kBytes / 8; ++i) {
    reinterpret_cast<uint64_t*>(written.data())[i] = i * 0x9e3779b97f4a7c15u;
  }
  ASSERT_EQ(SyncWrite(*channel, 0, written.span()), 0);
  struct Read {
    IoRequest request;
    AlignedBuffer buffer{128 * 1024};
  };
  std::vector<Read> reads(256);
  for (uint32_t i = 0; i < reads.size(); ++i) {
    IoRequest& request = reads[i].request;
    request.length_bytes = (i + 1) * 512;  // up to twice of what is lent
    request.offset_bytes = (i * 7919 * 512) % (kBytes - request.length_bytes);
    request.data = reads[i].buffer.data();
    request.result = 1;
    request.done = [](IoRequest*) {};
    channel->Submit(&request);
  }
  Drain(*channel);
  for (const Read& read : reads) {
    EXPECT_EQ(read.request.result, 0);
    EXPECT_EQ(std::memcmp(read.buffer.data(), written.data() + read.request.offset_bytes,
                          read.request.length_bytes),
              0)
        << read.request.length_bytes << " bytes at " << read.request.offset_bytes;
  }
  EXPECT_EQ(device->counters().reads, reads.size());
}

TEST_F(SpdkTest, R11AChannelClosesWhenTheBdevHasGotItsMemoryBack) {
  // SPDK has few I/Os: one that were lost with each channel would soon be missed.
  Start(TestSpdkOptions(R"({"subsystems": [{"subsystem": "bdev", "config": [
      {"method": "bdev_set_options", "params": {"bdev_io_pool_size": 127, "bdev_io_cache_size": 8}},
      {"method": "bdev_malloc_create",
       "params": {"name": "Malloc0", "num_blocks": 4096, "block_size": 4096}}]}]})"));
  const auto device = MustOpen(Bdev("Malloc0"));
  ASSERT_NE(device, nullptr);
  AlignedBuffer page(kPageBytes);
  for (int round = 0; round < 200; ++round) {
    auto channel = std::move(device->OpenChannel()).value();
    IoRequest read;
    read.length_bytes = kPageBytes;
    read.data = page.data();
    read.result = 1;
    read.done = [](IoRequest*) {};
    channel->Submit(&read);
    for (int polls = 0; read.result == 1 && polls < 1000; ++polls) channel->Poll();
    ASSERT_EQ(read.result, 0) << "round " << round;
    ASSERT_EQ(channel->in_flight(), 1u) << "a reactor would sleep before it is given back";
  }
}

TEST_F(SpdkTest, AChannelMayCloseInTheEndOfItsLastRead) {
  Start(TestSpdkOptions(MallocConfig("Malloc0")));
  const auto device = MustOpen(Bdev("Malloc0"));
  struct Closing {
    std::unique_ptr<Channel> channel;
    AlignedBuffer pages{4 * kPageBytes};
    IoRequest requests[4];
    int open = 4;
  } all;
  all.channel = std::move(device->OpenChannel()).value();
  for (int i = 0; i < all.open; ++i) {
    IoRequest& request = all.requests[i];
    request.length_bytes = kPageBytes;
    request.data = all.pages.data() + i * kPageBytes;
    request.owner = &all;
    request.done = [](IoRequest* done) {
      auto* closing = static_cast<Closing*>(done->owner);
      EXPECT_EQ(done->result, 0);
      if (--closing->open == 0) closing->channel.reset();
    };
    all.channel->Submit(&request);
  }
  while (all.channel != nullptr) all.channel->Poll();
  EXPECT_NE(device->OpenChannel().value(), nullptr);
}

TEST_F(SpdkTest, ErrorsOfABdevArriveAsErrors) {
  Start(TestSpdkOptions(MallocConfig("Malloc0")));
  ASSERT_TRUE(MustCallSpdk("bdev_error_create", R"({"base_name": "Malloc0"})").ok());
  const auto device = MustOpen(Bdev("EE_Malloc0"));
  ASSERT_NE(device, nullptr);
  EXPECT_EQ(OpenDevice(Bdev("Malloc0")).status().code(), StatusCode::kBusy);
  const auto channel = std::move(device->OpenChannel()).value();
  AlignedBuffer page(kPageBytes);
  ASSERT_EQ(SyncWrite(*channel, 0, page.span()), 0);
  ASSERT_TRUE(MustCallSpdk("bdev_error_inject_error",
                           R"({"name": "EE_Malloc0", "io_type": "write", "error_type": "failure",
                               "num": 1})")
                  .ok());
  EXPECT_EQ(SyncWrite(*channel, 0, page.span()), -EIO);
  EXPECT_EQ(SyncWrite(*channel, 0, page.span()), 0);
}

// --- memory --------------------------------------------------------------------------------------

class SpdkDmaTest : public SpdkTest {
 protected:
  void SetUp() override {
    SpdkTest::SetUp();
    if (IsSkipped()) return;
    if (FreeHugePageBytes() < 320 * kMiB) {
      GTEST_SKIP() << "fewer than 320 MiB of huge pages are free (sysctl vm.nr_hugepages=256)";
    }
  }

  static SpdkOptions Options() {
    SpdkOptions options;
    options.config = MallocConfig("Malloc0");
    return options;
  }

  // Where DPDK keeps its memory.
  static bool IsDma(const AlignedBuffer& buffer) {
    return reinterpret_cast<uintptr_t>(buffer.data()) >= uintptr_t{0x200000000000} &&
           reinterpret_cast<uintptr_t>(buffer.data()) < uintptr_t{0x300000000000};
  }
};

TEST_F(SpdkDmaTest, MemoryIsForDmaWhileItRunsAndOutlivesIt) {
  const AlignedBuffer before(kMiB);
  EXPECT_FALSE(IsDma(before));
  Start(Options());
  AlignedBuffer during(kMiB);
  EXPECT_TRUE(IsDma(during));
  spdk_.Release();
  during.data()[kMiB - 1] = 1;
  const AlignedBuffer after(kMiB);
  EXPECT_TRUE(after.valid());
}

TEST_F(SpdkDmaTest, WhenItsMemoryIsUsedUpTheHeapIsThere) {
  Start(Options());
  const AlignedBuffer buffer(FreeHugePageBytes() + 64 * kMiB);
  EXPECT_TRUE(buffer.valid());
  EXPECT_FALSE(IsDma(buffer));
}

// Of the heap: it goes through a bounce.
TEST_F(SpdkDmaTest, MemoryThatIsNotForDmaIsCopied) {
  AlignedBuffer heap(3 * kMiB);
  AlignedBuffer heap_back(3 * kMiB);
  Start(Options());
  AlignedBuffer dma(3 * kMiB);
  ASSERT_TRUE(IsDma(dma));
  for (size_t i = 0; i < heap.size(); ++i) heap.data()[i] = static_cast<uint8_t>(i * 31 / 7);
  const auto device = MustOpen(Bdev("Malloc0"));
  ASSERT_NE(device, nullptr);
  const auto channel = std::move(device->OpenChannel()).value();
  ASSERT_EQ(SyncWrite(*channel, 4096, heap.span()), 0);
  ASSERT_EQ(SyncRead(*channel, 4096, dma.span()), 0);
  EXPECT_EQ(std::memcmp(dma.data(), heap.data(), heap.size()), 0);
  ASSERT_EQ(SyncRead(*channel, 4096, heap_back.span()), 0);
  EXPECT_EQ(std::memcmp(heap_back.data(), heap.data(), heap.size()), 0);
  // More at once than there are bounces.
  std::vector<IoRequest> requests(100);
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].op = IoRequest::Op::kRead;
    requests[i].offset_bytes = 4096 * (i + 1);
    requests[i].length_bytes = 4096;
    requests[i].data = heap_back.data() + 4096 * i;
    requests[i].done = [](IoRequest*) {};
  }
  std::memset(heap_back.data(), 0, heap_back.size());
  for (IoRequest& request : requests) channel->Submit(&request);
  Drain(*channel);
  for (const IoRequest& request : requests) EXPECT_EQ(request.result, 0);
  EXPECT_EQ(std::memcmp(heap_back.data(), heap.data(), 4096 * requests.size()), 0);
}

}  // namespace
}  // namespace ashlar
