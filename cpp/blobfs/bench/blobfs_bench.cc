// What files cost: appends, syncs of a log, random reads, a file system of many.
// Usage: blobfs_bench [FILE]    on a file of 1 or 2 GiB that is made and removed; without: in
// memory
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cpp/blobfs/blobfs.h"
#include "cpp/testing/shared_device.h"

namespace ashlar {
namespace {

uint64_t NowNs() {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
}

void Must(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

template <typename T>
T Must(Result<T> result) {
  Must(result.status());
  return std::move(result).value();
}

// Prints operations per second and bytes per second of `operations` calls.
template <typename Function>
void Measure(const char* what, uint64_t operations, uint64_t bytes_each, Function function) {
  const uint64_t begin_ns = NowNs();
  for (uint64_t i = 0; i < operations; ++i) function(i);
  const double seconds = static_cast<double>(NowNs() - begin_ns) * 1e-9;
  const double per_second = static_cast<double>(operations) / seconds;
  std::printf("%-34s %10.0f /s %8.1f us %8.0f MB/s\n", what, per_second, 1e6 / per_second,
              per_second * static_cast<double>(bytes_each) * 1e-6);
}

OpenOptions Mode(OpenMode mode, FileKind kind) {
  OpenOptions options;
  options.mode = mode;
  options.kind = kind;
  return options;
}

void Run(BlobFs& fs) {
  const std::vector<uint8_t> piece(4096, 0x5a);
  const std::span<const uint8_t> record = std::span(piece).first(128);
  {
    auto log = Must(fs.Open("/log", Mode(OpenMode::kCreateNew, FileKind::kLog)));
    Must(log->Preallocate(64 * kMiB));
    Measure("log: append 128 bytes and sync", 3000, 128, [&](uint64_t) {
      Must(log->Append(record));
      Must(log->Sync());
    });
    Measure("log: append 128 bytes", 300'000, 128, [&](uint64_t) { Must(log->Append(record)); });
  }
  {
    auto file = Must(fs.Open("/data", Mode(OpenMode::kCreateNew, FileKind::kData)));
    Must(file->Preallocate(400 * kMiB));
    Measure("data: append 4096 bytes", 100'000, 4096, [&](uint64_t) { Must(file->Append(piece)); });
    Measure("data: close", 1, 0, [&](uint64_t) { Must(file->Close()); });
  }
  {
    auto file = Must(fs.Open("/data", {}));
    std::vector<uint8_t> into(4096);
    uint64_t random = 1;
    Measure("data: read 4096 bytes anywhere", 50'000, 4096, [&](uint64_t) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      Must(file->Read((random >> 20) % (400'000'000), into).status());
    });
  }
}

// A file system of so many files is made, opened after a clean close and after a crash, and each
// file is opened.
void RunManyFiles(const BlobFsDevice& empty, uint64_t files) {
  BlobFsDevice spec = empty;
  spec.format_options.cluster_bytes = 64u << 10;
  // In memory the files must outlive the file system.
  const std::shared_ptr<Device> kept = Must(OpenDevice(spec.device));
  const auto open = [&] {
    return Must(BlobFs::OpenOn(std::make_unique<SharedDevice>(kept, nullptr, nullptr), spec, {}));
  };
  const std::vector<uint8_t> content(100, 0x5a);
  const auto name = [](uint64_t i) { return "/db/" + std::to_string(i) + ".sst"; };
  std::unique_ptr<BlobFs> fs = open();
  spec.format = false;
  Measure("many: create, write 100 bytes, close", files, 0, [&](uint64_t i) {
    auto file = Must(fs->Open(name(i), Mode(OpenMode::kCreateNew, FileKind::kData)));
    Must(file->Append(content));
    Must(file->Close());
  });
  for (const bool clean : {true, false}) {
    if (clean) {
      Must(fs->Close());
    } else {
      Must(fs->Delete(name(0)));
      fs->Abandon();
    }
    fs.reset();
    const uint64_t reads = kept->counters().reads;
    Measure(clean ? "many: open the file system" : "many: the same after a crash", 1, 0,
            [&](uint64_t) { fs = open(); });
    std::printf("%-34s %10lu reads of the device\n", "", kept->counters().reads - reads);
  }
  Measure("many: open, stat and close", files - 1, 0, [&](uint64_t i) {
    Must(Must(fs->Open(name(i + 1), {}))->Close());
    Must(fs->Stat(name(i + 1)).status());
  });
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) {
  using namespace ashlar;
  BlobFsDevice spec;
  spec.format = true;
  spec.device.size_bytes = kGiB;
  if (argc > 1) {
    spec.device.kind = DeviceKind::kFile;
    spec.device.path = argv[1];
    spec.device.create = true;
  }
  {
    const std::unique_ptr<BlobFs> fs = Must(BlobFs::Open(spec, {}));
    std::printf("%s, atomic writes of %u bytes\n", fs->device_info().backend.c_str(),
                fs->device_info().atomic_write_bytes);
    Run(*fs);
    Must(fs->Close());
  }
  if (argc > 1) unlink(argv[1]);
  spec.device.size_bytes = 2 * kGiB;  // two metadata pages for each file
  RunManyFiles(spec, 10'000);
  if (argc > 1) unlink(argv[1]);
}
