// How fast one channel of a device is, without anything above it: random reads or writes of one
// size at one queue depth. Prints I/O per second. compare-with-fio runs it in turn with fio; with
// --spdk it is to be compared with SPDK's bdevperf.
#include <poll.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cpp/base/aligned_buffer.h"
#include "cpp/base/units.h"
#include "cpp/device/device.h"
#include "cpp/device/spdk_library.h"

namespace ashlar {
namespace {

struct BenchOptions {
  DeviceSpec spec;
  IoRequest::Op op = IoRequest::Op::kRead;
  uint32_t block_bytes = kPageBytes;
  uint32_t depth = 32;
  double seconds = 3;
  std::string spdk_config;  // a file; not empty: spec.path is a bdev
  SpdkOptions spdk;
  bool sleeps = false;
};

double NowSeconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Keeps `depth` requests in flight, each resubmitted to a new random block when it is done.
class Load {
 public:
  Load(Channel& channel, uint64_t device_bytes, const BenchOptions& options)
      : channel_(channel),
        blocks_(device_bytes / options.block_bytes),
        block_bytes_(options.block_bytes),
        sleeps_(options.sleeps && channel.wake_fd() >= 0),
        memory_(size_t{options.depth} * options.block_bytes),
        requests_(options.depth) {
    for (uint32_t i = 0; i < options.depth; ++i) {
      IoRequest& request = requests_[i];
      request.op = options.op;
      request.length_bytes = block_bytes_;
      request.data = memory_.data() + size_t{i} * block_bytes_;
      request.owner = this;
      request.done = [](IoRequest* done) { static_cast<Load*>(done->owner)->Done(done); };
    }
  }

  // Returns the number of requests completed within the time.
  uint64_t Run(double seconds) {
    for (IoRequest& request : requests_) SubmitSomewhere(&request);
    const double end = NowSeconds() + seconds;
    while (NowSeconds() < end) {
      for (int i = 0; i < 64; ++i) {
        if (channel_.Poll() == 0 && sleeps_) Sleep();
      }
    }
    const uint64_t completed = completed_;
    stopping_ = true;
    while (channel_.in_flight() > 0) channel_.Poll();
    return completed;
  }

  uint64_t errors() const { return errors_; }

 private:
  void Sleep() {
    channel_.AnnounceSleep();
    pollfd wake{channel_.wake_fd(), POLLIN, 0};
    if (channel_.Poll() == 0 && !channel_.must_poll()) poll(&wake, 1, 100);
    channel_.AnnounceWake();
  }

  void SubmitSomewhere(IoRequest* request) {
    // xorshift64 (Marsaglia, 2003): a few instructions, so that the device is what is measured.
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    request->offset_bytes = random_ % blocks_ * block_bytes_;
    channel_.Submit(request);
  }

  void Done(IoRequest* request) {
    ++completed_;
    errors_ += request->result != 0 ? 1 : 0;
    if (!stopping_) SubmitSomewhere(request);
  }

  Channel& channel_;
  const uint64_t blocks_;
  const uint32_t block_bytes_;
  const bool sleeps_;
  AlignedBuffer memory_;
  std::vector<IoRequest> requests_;
  uint64_t random_ = 0x2545f4914f6cdd1d;
  uint64_t completed_ = 0;
  uint64_t errors_ = 0;
  bool stopping_ = false;
};

int Usage() {
  std::fprintf(stderr,
               "usage: device_bench FILE [--write] [--depth N] [--block BYTES] [--seconds N]\n"
               "                    [--pread] [--buffered] [--sleep]\n"
               "FILE is an existing file or block device; --write overwrites it. --sleep waits in\n"
               "the kernel when nothing is done, instead of polling on.\n"
               "With --spdk CONFIG, a JSON configuration of SPDK's, FILE is the name of a bdev;\n"
               "--no-huge MIB does without huge pages. The library is " ASHLAR_SPDK_LIBRARY ".\n");
  return 2;
}

bool Parse(int argc, char** argv, BenchOptions* options) {
  options->spec.kind = DeviceKind::kFile;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (argument == "--write") {
      options->op = IoRequest::Op::kWrite;
    } else if (argument == "--pread") {
      options->spec.use_uring = false;
    } else if (argument == "--sleep") {
      options->sleeps = true;
    } else if (argument == "--buffered") {
      options->spec.use_direct_io = false;
    } else if (argument == "--spdk" && value != nullptr) {
      options->spec.kind = DeviceKind::kSpdk;
      options->spdk_config = argv[++i];
    } else if (argument == "--no-huge" && value != nullptr) {
      options->spdk.huge_pages = false;
      options->spdk.memory_mib = static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10));
    } else if (argument == "--depth" && value != nullptr) {
      options->depth = static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10));
    } else if (argument == "--block" && value != nullptr) {
      options->block_bytes = static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10));
    } else if (argument == "--seconds" && value != nullptr) {
      options->seconds = std::strtod(argv[++i], nullptr);
    } else if (options->spec.path.empty() && argument[0] != '-') {
      options->spec.path = argument;
    } else {
      return false;
    }
  }
  return !options->spec.path.empty() && options->depth > 0 && options->block_bytes > 0;
}

int Fail(const Status& status) {
  std::fprintf(stderr, "device_bench: %s\n", status.ToString().c_str());
  return 1;
}

Result<SpdkReference> StartSpdk(const BenchOptions& options) {
  SpdkOptions spdk = options.spdk;
  std::ifstream file(options.spdk_config);
  spdk.config.assign(std::istreambuf_iterator<char>(file), {});
  ASHLAR_RETURN_IF_ERROR(LoadSpdk(ASHLAR_SPDK_LIBRARY));
  return SpdkReference::Start(spdk);
}

int Main(int argc, char** argv) {
  BenchOptions options;
  if (!Parse(argc, argv, &options)) return Usage();
  SpdkReference spdk;
  if (options.spec.kind == DeviceKind::kSpdk) {
    Result<SpdkReference> started = StartSpdk(options);
    if (!started.ok()) return Fail(started.status());
    spdk = std::move(started).value();
  }
  Result<std::unique_ptr<Device>> device = OpenDevice(options.spec);
  if (!device.ok()) return Fail(device.status());
  Result<std::unique_ptr<Channel>> channel = (*device)->OpenChannel();
  if (!channel.ok()) return Fail(channel.status());
  const DeviceInfo& info = (*device)->info();
  Load load(**channel, info.size_bytes, options);
  const double cpu_before = CpuSeconds();
  const uint64_t completed = load.Run(options.seconds);
  const double cpu = (CpuSeconds() - cpu_before) / options.seconds;
  if (load.errors() > 0) {
    std::fprintf(stderr, "device_bench: %llu requests failed\n",
                 static_cast<unsigned long long>(load.errors()));
    return 1;
  }
  std::printf("%.0f IO/s, %s, %s I/O, depth %u, blocks of %u bytes, %.0f %% CPU\n",
              static_cast<double>(completed) / options.seconds, info.backend.c_str(),
              info.direct_io ? "direct" : "buffered", options.depth, options.block_bytes,
              cpu * 100);
  return 0;
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) { return ashlar::Main(argc, argv); }
