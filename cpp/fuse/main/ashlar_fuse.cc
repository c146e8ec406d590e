// ashlar-fuse: mounts the BlobFS of a device, in the foreground.
//
//   ashlar-fuse [OPTION]... DEVICE FOLDER
//
//   --read-only         nothing is written
//   --beside-store      write also where a chunk store lies on the device
//   --buffer-bytes N    memory for appending: 4 MiB to 64 GiB
//   --no-io-uring       pread and pwrite instead of io_uring
//   --no-direct-io      through the kernel's page cache
//   --until-eof         unmount at the end of standard input, too
//
// Says on standard output when it is mounted, one line. Whatever fails is one line on standard
// error, and in the exit code 100 plus the number of the status (include/ashlar/status_codes.def);
// wrong usage is 2.
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cpp/blobfs/blobfs.h"
#include "cpp/fuse/mount_point.h"
#include "cpp/fuse/mount_session.h"
#include "cpp/fuse/tree/tree.h"

namespace ashlar {
namespace {

constexpr int kUsage = 2;
constexpr int kFailed = 100;

struct CommandLine {
  BlobFsDevice device;
  BlobFsOptions options;
  bool until_eof = false;
  std::string folder;
};

bool ParseNumber(std::string_view text, uint64_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// Whether it is an option that takes no value.
bool ParseFlag(std::string_view word, CommandLine* line) {
  if (word == "--read-only") {
    line->options.read_only = true;
  } else if (word == "--beside-store") {
    line->options.write_beside_chunk_store = true;
  } else if (word == "--no-io-uring") {
    line->device.device.use_uring = false;
  } else if (word == "--no-direct-io") {
    line->device.device.use_direct_io = false;
  } else if (word == "--until-eof") {
    line->until_eof = true;
  } else {
    return false;
  }
  return true;
}

std::optional<CommandLine> Parse(const std::vector<std::string>& words) {
  CommandLine line;
  std::vector<std::string> names;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (ParseFlag(word, &line)) continue;
    if (word == "--buffer-bytes" && i + 1 < words.size()) {
      if (!ParseNumber(words[++i], &line.options.buffer_bytes)) return std::nullopt;
    } else if (word.starts_with("--")) {
      return std::nullopt;
    } else {
      names.push_back(word);
    }
  }
  if (names.size() != 2) return std::nullopt;
  line.device.device.kind = DeviceKind::kFile;
  line.device.device.path = names[0];
  line.folder = names[1];
  return line;
}

Status Serve(const CommandLine& line, const std::string& folder, BlobFs& fs) {
  Tree tree(fs);
  const BlobFsReport& report = fs.report();
  const Result<std::unique_ptr<MountSession>> session = MountSession::Start(
      tree, {.folder = folder, .source = line.device.device.path, .read_only = report.read_only});
  if (!session.ok()) return session.status();
  for (const std::string& damage : report.damage) std::fprintf(stderr, "%s\n", damage.c_str());
  std::printf("%s is mounted on %s%s%s\n", line.device.device.path.c_str(), folder.c_str(),
              report.read_only ? ", read-only: " : "",
              report.read_only ? report.read_only_reason.c_str() : "");
  std::fflush(stdout);
  return session.value()->ServeUntilSignal(line.until_eof);
}

Status Run(const CommandLine& line) {
  // Before the device, since this costs nothing and is wrong more often.
  const Result<std::string> folder = PrepareMountPoint(line.folder);
  if (!folder.ok()) return folder.status();
  const Result<std::unique_ptr<BlobFs>> fs = BlobFs::Open(line.device, line.options);
  if (!fs.ok()) return fs.status();
  const Status served = Serve(line, folder.value(), *fs.value());
  const Status closed = fs.value()->Close();
  return served.ok() ? closed : served;
}

int Main(const std::vector<std::string>& words) {
  const std::optional<CommandLine> line = Parse(words);
  if (!line) {
    std::fprintf(stderr,
                 "usage: ashlar-fuse [--read-only] [--beside-store] [--buffer-bytes N] "
                 "[--no-io-uring] [--no-direct-io] [--until-eof] DEVICE FOLDER\n");
    return kUsage;
  }
  MountSession::BlockSignals();
  const Status status = Run(*line);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return kFailed + static_cast<int>(status.code());
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) { return ashlar::Main({argv + 1, argv + argc}); }
