#include "cpp/blobfs/blobfs.h"

#include <utility>

#include "cpp/blobfs/file_format.h"
#include "cpp/blobfs/fs_core.h"
#include "cpp/blobfs/fs_volume.h"

namespace ashlar {

namespace {

constexpr uint64_t kMinBufferBytes = 4 * kMiB;
constexpr uint64_t kMaxBufferBytes = 64 * kGiB;

Status Validate(const BlobFsOptions& options) {
  if (options.buffer_bytes < kMinBufferBytes || options.buffer_bytes > kMaxBufferBytes) {
    return Status::InvalidArgument("buffer_bytes is " + std::to_string(options.buffer_bytes) +
                                   "; give 4 MiB to 64 GiB");
  }
  return Status::Ok();
}

}  // namespace

BlobFs::BlobFs(std::shared_ptr<FsCore> core) : core_(std::move(core)) {}

Result<std::unique_ptr<BlobFs>> BlobFs::Open(const BlobFsDevice& device,
                                             const BlobFsOptions& options) {
  BlobFsDevice spec = device;
  // Nothing is written, so nothing needs to be writable; a device that is opened so stays so.
  spec.device.read_only = spec.device.read_only || options.read_only;
  Result<std::unique_ptr<Device>> opened = OpenDevice(spec.device);
  if (!opened.ok()) return opened.status();
  return OpenOn(std::move(opened).value(), spec, options);
}

Result<std::unique_ptr<BlobFs>> BlobFs::OpenOn(std::unique_ptr<Device> device,
                                               const BlobFsDevice& spec,
                                               const BlobFsOptions& options) {
  BlobFsOptions effective = options;
  effective.read_only = options.read_only || spec.device.read_only;
  ASHLAR_RETURN_IF_ERROR(Validate(effective));
  if (spec.format && effective.read_only) {
    return Status::InvalidArgument("format and read_only exclude each other");
  }
  Result<std::unique_ptr<FsVolume>> volume =
      FsVolume::Open(std::move(device), spec, effective.read_only);
  if (!volume.ok()) return volume.status();
  const BlobFsParts parts = volume.value()->parts();
  auto core = std::make_shared<FsCore>(parts, effective, std::move(volume).value());
  std::unique_ptr<BlobFs> fs(new BlobFs(std::move(core)));
  ASHLAR_RETURN_IF_ERROR(fs->core_->Load());
  return fs;
}

Result<std::unique_ptr<BlobFs>> BlobFs::Mount(const BlobFsParts& parts,
                                              const BlobFsOptions& options) {
  ASHLAR_RETURN_IF_ERROR(Validate(options));
  if (parts.blobstore->type() != kBlobFsTypeName) {
    return Status::WrongFormat(parts.device->info().name + " holds a blobstore of type \"" +
                               parts.blobstore->type() + "\", not a BlobFS");
  }
  std::unique_ptr<BlobFs> fs(new BlobFs(std::make_shared<FsCore>(parts, options, nullptr)));
  ASHLAR_RETURN_IF_ERROR(fs->core_->Load());
  return fs;
}

BlobFs::~BlobFs() { [[maybe_unused]] const Status closed = Close(); }

Status BlobFs::Close() { return core_->Close(); }
void BlobFs::Abandon() { core_->Abandon(); }
void BlobFs::Break(const Status& failure) { core_->Break(failure); }
Status BlobFs::failure() const { return core_->failure(); }
const BlobFsReport& BlobFs::report() const { return core_->report(); }
const DeviceInfo& BlobFs::device_info() const { return core_->device_info(); }
DeviceCounters BlobFs::counters() const { return core_->counters(); }

Result<std::unique_ptr<File>> BlobFs::Open(std::string_view name, const OpenOptions& options) {
  return core_->Open(name, options);
}
Result<FileStat> BlobFs::Stat(std::string_view name) { return core_->Stat(name); }
bool BlobFs::Exists(std::string_view name) const { return core_->Exists(name); }
bool BlobFs::IsDirectory(std::string_view name) const { return core_->IsDirectory(name); }
std::vector<std::string> BlobFs::List(std::string_view prefix) const { return core_->List(prefix); }
Status BlobFs::Rename(std::string_view from, std::string_view to) {
  return core_->Rename(from, to);
}
Status BlobFs::Delete(std::string_view name) { return core_->Delete(name); }
Result<std::unique_ptr<FileLock>> BlobFs::Lock(std::string_view name) { return core_->Lock(name); }
Result<FsSpace> BlobFs::Space() { return core_->Space(); }
Status BlobFs::ReserveForLogs() { return core_->ReserveForLogs(); }

FileLock::FileLock(std::shared_ptr<FsCore> core, std::string name)
    : core_(std::move(core)), name_(std::move(name)) {}
FileLock::~FileLock() { core_->Unlock(name_); }

}  // namespace ashlar
