#include "cpp/testing/test_fs.h"

#include <utility>

#include "cpp/base/check.h"
#include "cpp/blobfs/fs_checker.h"
#include "cpp/testing/random.h"
#include "cpp/testing/run_task.h"
#include "cpp/testing/test_spdk.h"

namespace ashlar {

std::shared_ptr<CrashDevice> TestFs::NewCrashDevice(const CrashDeviceOptions& options) {
  auto device = CrashDevice::Make(options);
  ASHLAR_CHECK(device.ok());
  return std::move(device).value();
}

std::shared_ptr<CrashDevice> TestFs::NewCrashDevice(const CrashDeviceOptions& options,
                                                    DiskImage image) {
  auto device = CrashDevice::FromImage(options, std::move(image));
  ASHLAR_CHECK(device.ok());
  return std::move(device).value();
}

std::shared_ptr<Device> TestFs::NewMemory(uint64_t size_bytes, uint32_t sector_bytes) {
  auto device = OpenDevice(TestMemory(size_bytes, sector_bytes));
  ASHLAR_CHECK(device.ok());
  return std::move(device).value();
}

Status TestFs::Format(const BlobFsOptions& options, uint32_t cluster_bytes) {
  Crash();
  BlobFsDevice spec;
  spec.format = true;
  spec.format_options.cluster_bytes = cluster_bytes;
  auto fs = BlobFs::OpenOn(
      std::make_unique<SharedDevice>(device_, observer_, std::function<void()>()), spec, options);
  if (fs.ok()) fs_ = std::move(fs).value();
  return fs.status();
}

Status TestFs::Open(const BlobFsOptions& options) {
  Crash();
  auto fs =
      BlobFs::OpenOn(std::make_unique<SharedDevice>(device_, observer_, std::function<void()>()),
                     BlobFsDevice(), options);
  if (fs.ok()) fs_ = std::move(fs).value();
  return fs.status();
}

Status TestFs::Close() {
  const Status status = fs_->Close();
  fs_.reset();
  return status;
}

void TestFs::Crash() {
  if (fs_ != nullptr) fs_->Abandon();
  fs_.reset();
}

std::string TestFs::Check() {
  auto channel = device_->OpenChannel();
  ASHLAR_CHECK(channel.ok());
  auto report = RunTask(*channel.value(), CheckBlobFs(*channel.value(), device_->info()));
  if (!report.ok()) return report.status().ToString();
  std::string text;
  for (const std::string& problem : report.value().problems) text.append(problem).append("\n");
  return text;
}

Status TestFs::Put(std::string_view name, std::string_view content, FileKind kind) {
  OpenOptions options;
  options.mode = OpenMode::kCreateOrReplace;
  options.kind = kind;
  auto file = fs_->Open(name, options);
  if (!file.ok()) return file.status();
  ASHLAR_RETURN_IF_ERROR(file.value()->Append(AsBytes(content)));
  return file.value()->Close();
}

std::string TestFs::Get(std::string_view name) {
  auto file = fs_->Open(name, {});
  return file.ok() ? ReadAll(*file.value()) : "<" + file.status().ToString() + ">";
}

std::unique_ptr<File> TestFs::MustOpen(std::string_view name, const OpenOptions& options) {
  auto file = fs_->Open(name, options);
  ASHLAR_CHECK(file.ok());
  return std::move(file).value();
}

std::string ReadAll(File& file, size_t piece_bytes) {
  std::string content;
  while (true) {
    const size_t begin = content.size();
    content.resize(begin + piece_bytes);
    const Result<size_t> length =
        file.Read(begin, {reinterpret_cast<uint8_t*>(content.data()) + begin, piece_bytes});
    if (!length.ok()) return "<" + length.status().ToString() + ">";
    content.resize(begin + length.value());
    if (length.value() < piece_bytes) return content;
  }
}

std::string Pattern(uint64_t seed, size_t length) {
  std::string bytes(length, '\0');
  Random(seed).Fill({reinterpret_cast<uint8_t*>(bytes.data()), length});
  return bytes;
}

}  // namespace ashlar
