#include "cpp/testing/blobstore_history.h"

#include <utility>

#include "cpp/base/check.h"
#include "cpp/testing/test_blobstore.h"

namespace ashlar {

size_t BlobstoreHistory::images_checked_ = 0;

BlobstoreState StateOf(const Blobstore& store) {
  BlobstoreState state;
  for (const BlobId id : store.blobs()) {
    BlobState& blob = state[id.value];
    const auto xattrs = store.Xattrs(id);
    ASHLAR_CHECK(xattrs.ok());
    for (const Xattr& xattr : xattrs.value()) blob.xattrs[xattr.name] = xattr.value;
    const auto clusters = store.ClustersOf(id);
    ASHLAR_CHECK(clusters.ok());
    for (const ClusterIndex cluster : clusters.value()) blob.clusters.push_back(cluster.value);
  }
  return state;
}

std::string Difference(const BlobstoreState& expected, const BlobstoreState& found) {
  std::string text;
  for (const auto& [id, blob] : expected) {
    const auto it = found.find(id);
    if (it == found.end()) {
      text += "blob " + std::to_string(id) + " is missing; ";
    } else if (!(it->second == blob)) {
      text += "blob " + std::to_string(id) + " has " + std::to_string(it->second.clusters.size()) +
              " clusters and " + std::to_string(it->second.xattrs.size()) + " xattrs instead of " +
              std::to_string(blob.clusters.size()) + " and " + std::to_string(blob.xattrs.size()) +
              ", or others; ";
    }
  }
  for (const auto& [id, blob] : found) {
    if (!expected.contains(id)) text += "blob " + std::to_string(id) + " is too many; ";
  }
  return text;
}

void BlobstoreHistory::Record(BlobstoreState state, bool closed) {
  entries_.push_back({device_->log_position(), std::move(state), closed});
}

std::string BlobstoreHistory::CheckOpen(const PowerCut& cut, Blobstore& store) const {
  const BlobstoreOpenReport& report = store.open_report();
  if (!report.damaged.empty()) {
    return "page " + std::to_string(report.damaged[0].root.value) +
           " is damaged: " + report.damaged[0].reason;
  }
  if (!report.masks_distrusted.empty()) return "masks distrusted: " + report.masks_distrusted;
  if (report.withheld_clusters != 0) return "clusters are withheld";

  size_t done = 0;
  while (done + 1 < entries_.size() && entries_[done + 1].position <= cut.position) ++done;
  const BlobstoreState found = StateOf(store);
  const std::string before = Difference(entries_[done].state, found);
  const bool in_flight = done + 1 < entries_.size();
  const std::string after = in_flight ? Difference(entries_[done + 1].state, found) : before;
  if (!before.empty() && !after.empty()) {
    return "neither the state after operation " + std::to_string(done) + " (" + before +
           ") nor that after the next (" + after + ")";
  }
  const bool next_opens = in_flight && cut.position > entries_[done].position;
  if (entries_[done].closed && !next_opens && !report.was_clean) return "not clean after Close";

  uint64_t used = 0;
  for (const auto& [id, blob] : found) used += blob.clusters.size();
  if (store.free_clusters() + used != store.data_clusters()) {
    return std::to_string(store.free_clusters()) + " clusters free and " + std::to_string(used) +
           " used of " + std::to_string(store.data_clusters());
  }
  return "";
}

std::string BlobstoreHistory::Check(const PowerCut& cut) const {
  CrashDeviceOptions options;
  options.sector_bytes = device_->info().sector_bytes;
  options.seed = cut.seed;
  auto device = CrashDevice::FromImage(options, cut.image);
  ASHLAR_CHECK(device.ok());
  TestBlobstore after(std::move(device).value());
  const Status opened = after.Open();
  if (!opened.ok()) return "does not open: " + opened.ToString();
  std::string wrong = CheckOpen(cut, after.store());
  if (wrong.empty()) wrong = after.Check();
  if (!wrong.empty()) return wrong;

  // It goes on from here.
  const BlobstoreState state = StateOf(after.store());
  if (after->free_clusters() > 0) {
    const auto id = after.Create(1, {{"after", "the cut"}});
    if (!id.ok()) return "cannot create: " + id.status().ToString();
    if (const Status status = after.Delete(id.value()); !status.ok()) {
      return "cannot delete: " + status.ToString();
    }
  }
  if (const Status status = after.Close(); !status.ok()) return "cannot close " + status.ToString();
  wrong = after.Check();
  if (!wrong.empty()) return "after close: " + wrong;
  if (const Status status = after.Open(); !status.ok()) return "reopen: " + status.ToString();
  if (!after->open_report().was_clean) return "reopen: not clean";
  return Difference(state, StateOf(after.store()));
}

std::string BlobstoreHistory::CheckAll(uint64_t seed, size_t images) const {
  CrashImageOptions options;
  options.seed = seed;
  options.images = images;
  options.first_position = entries_.front().position;
  std::string violation;
  ForEachCrashImage(*device_, options, [&](PowerCut& cut) {
    ++images_checked_;
    violation = Check(cut);
    if (violation.empty()) return true;
    violation +=
        " [position " + std::to_string(cut.position) + ", seed " + std::to_string(cut.seed) + "]";
    return false;
  });
  return violation;
}

}  // namespace ashlar
