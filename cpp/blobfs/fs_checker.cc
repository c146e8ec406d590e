#include "cpp/blobfs/fs_checker.h"

#include <map>
#include <set>
#include <utility>

#include "cpp/base/aligned_buffer.h"
#include "cpp/blobfs/file_format.h"
#include "cpp/blobfs/log_format.h"
#include "cpp/blobstore/blobstore.h"
#include "cpp/runtime/io_await.h"

namespace ashlar {

namespace {

class FsChecker {
 public:
  FsChecker(Channel& channel, const DeviceInfo& info) : channel_(channel), info_(info) {}

  Task<Result<FsCheckReport>> Run() {
    Result<CheckReport> blobs = co_await CheckBlobstore(channel_, info_);
    if (!blobs.ok()) co_return blobs.status();
    report_.blobs = std::move(blobs).value();
    report_.problems = report_.blobs.problems;
    BlobstoreOpenOptions options;
    options.read_only = true;
    Result<std::unique_ptr<Blobstore>> opened = co_await Blobstore::Open(channel_, info_, options);
    if (!opened.ok()) co_return opened.status();
    const std::unique_ptr<Blobstore> store = std::move(opened).value();
    if (store->type() != kBlobFsTypeName) Problem("the blobstore is of type " + store->type());
    for (const BlobId id : store->blobs()) {
      const Status status = co_await CheckFile(*store, id);
      if (!status.ok()) co_return status;
    }
    if (report_.blobs.clean && report_.left_over > 0) {
      Problem("the device is clean, but " + std::to_string(report_.left_over) +
              " files should have been removed");
    }
    co_return report_;
  }

 private:
  void Problem(std::string text) { report_.problems.push_back(std::move(text)); }

  Task<Status> CheckFile(Blobstore& store, BlobId id) {
    const Result<std::vector<Xattr>> xattrs = store.Xattrs(id);
    if (!xattrs.ok()) co_return xattrs.status();
    const Result<FileMetadata> decoded = DecodeFileMetadata(xattrs.value());
    const std::string where = "blob " + std::to_string(id.root().value) + ": ";
    if (!decoded.ok()) {
      Problem(where + decoded.status().context());
      co_return Status::Ok();
    }
    const FileMetadata& file = decoded.value();
    const Result<std::vector<ClusterIndex>> clusters = store.ClustersOf(id);
    if (!clusters.ok()) co_return clusters.status();
    const uint64_t room = clusters.value().size() * uint64_t{store.cluster_bytes()};
    if (file.length_bytes > room) {
      Problem(where + file.name + " has " + std::to_string(file.length_bytes) + " bytes in " +
              std::to_string(room));
    }
    CheckNames(where, file);
    if (file.log && !file.deleted) {
      const Status status = co_await CheckLog(store, where, file, clusters.value());
      co_return status;
    }
    co_return Status::Ok();
  }

  void CheckNames(const std::string& where, const FileMetadata& file) {
    if (file.name.front() != '/' || file.name.size() > 255) {
      Problem(where + "'" + file.name + "' is no name of a file");
    }
    if (file.id.value != 0 && !ids_.insert(file.id.value).second) {
      Problem(where + file.name + " has the id of another file");
    }
    if (file.deleted) {
      ++report_.left_over;
      return;
    }
    const auto [other, is_new] = generations_.emplace(file.name, file.generation);
    if (is_new) {
      ++report_.files;
    } else if (other->second == file.generation) {
      Problem(where + file.name + " is the name of another file of the same generation");
    } else {
      other->second = std::max(other->second, file.generation);
      ++report_.left_over;
    }
  }

  // The log's units, one after the other, and what is behind them.
  Task<Status> CheckLog(Blobstore& store, const std::string& where, const FileMetadata& file,
                        const std::vector<ClusterIndex>& clusters) {
    const LogMetadata& log = *file.log;
    const Framing framing = file.framing();
    AlignedBuffer buffer(store.cluster_bytes());
    if (!buffer.valid()) co_return Status::OutOfMemory("cluster");
    LogScan scan(log.log_id, log.session, log.known_bytes, framing);
    for (const ClusterIndex cluster : clusters) {
      IoAwait read(channel_, IoRequest::Op::kRead, store.OffsetOfCluster(cluster), buffer.data(),
                   store.cluster_bytes());
      const int result = co_await read;
      if (result != 0) co_return Status::FromErrno(-result, "cluster of " + file.name);
      scan.Add(buffer.span());
    }
    if (scan.damaged()) {
      Problem(where + file.name + " is damaged behind byte " + std::to_string(scan.length_bytes()) +
              " of at least " + std::to_string(scan.proven_bytes()));
    }
    if (log.sealed && scan.length_bytes() != log.known_bytes) {
      Problem(where + file.name + " was closed with " + std::to_string(log.known_bytes) +
              " bytes and has " + std::to_string(scan.length_bytes()));
    }
    if (log.sealed && file.length_bytes != framing.UnitsEnd(log.known_bytes)) {
      Problem(where + file.name + ": its units take " +
              std::to_string(framing.UnitsEnd(log.known_bytes)) + " bytes, its length says " +
              std::to_string(file.length_bytes));
    }
    co_return Status::Ok();
  }

  Channel& channel_;
  const DeviceInfo& info_;
  FsCheckReport report_;
  std::map<std::string, uint64_t> generations_;
  std::set<uint64_t> ids_;
};

}  // namespace

Task<Result<FsCheckReport>> CheckBlobFs(Channel& channel, const DeviceInfo& info) {
  FsChecker checker(channel, info);
  Result<FsCheckReport> report = co_await checker.Run();
  co_return report;
}

}  // namespace ashlar
