// The calls that give a store its bitmaps at open and take them at close.
#include <algorithm>
#include <string>
#include <utility>

#include "cpp/chunk/store_core.h"

namespace ashlar {

Result<std::vector<SpaceBlob>> StoreCore::SpaceBlobs() {
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(
      CheckPhase(phase_ == Phase::kRecovering || phase_ == Phase::kQuiet, "SpaceBlobs"));
  std::vector<SpaceBlob> blobs;
  for (const PrivateBlob* blob : space_->Blobs()) {
    blobs.push_back(SpaceBlob{blob->root.value, blob->pages});
  }
  return blobs;
}

bool StoreCore::IsDamaged(uint32_t root) const {
  return std::find(damaged_roots_.begin(), damaged_roots_.end(), root) != damaged_roots_.end();
}

Status StoreCore::MarkUsed(std::span<const SpaceRun> runs, std::vector<BadRun>* first_bad) {
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(CheckPhase(phase_ == Phase::kRecovering, "MarkUsed"));
  first_bad->clear();
  int64_t marked = 0;
  for (size_t i = 0; i < runs.size() && first_bad->empty(); ++i) {
    const PageAddress first{runs[i].first_location};
    const uint64_t pages = runs[i].pages;
    PrivateBlob* blob = directory_.Find(first.blob());
    if (blob == nullptr) {
      const bool damaged = IsDamaged(first.blob().value);
      first_bad->push_back({i, damaged ? SpaceFault::kDamagedBlob : SpaceFault::kNoSuchBlob});
    } else if (pages == 0 || first.page() >= blob->pages || pages > blob->pages - first.page()) {
      first_bad->push_back({i, SpaceFault::kPastTheEnd});
    } else if (!blob->bitmap.MarkUsed({first.page(), static_cast<uint32_t>(pages)})) {
      first_bad->push_back({i, SpaceFault::kTwoOwners});
    } else {
      marked += static_cast<int64_t>(pages);
    }
  }
  recovered_pages_.fetch_add(marked, std::memory_order_relaxed);
  return Status::Ok();
}

Status StoreCore::LoadBitmap(uint32_t root, std::span<const uint64_t> words) {
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(CheckPhase(phase_ == Phase::kRecovering, "LoadBitmap"));
  PrivateBlob* blob = space_->Find(root);
  if (blob == nullptr) return Status::NotFound("no private blob " + std::to_string(root));
  const auto used_before = static_cast<int64_t>(blob->bitmap.used());
  if (!blob->bitmap.Load(words)) {
    return Status::Corrupt("the saved bitmap of private blob " + std::to_string(root) + " has " +
                           std::to_string(words.size()) + " words or marks pages past the end; " +
                           "the blob has " + std::to_string(blob->pages) + " pages");
  }
  recovered_pages_.fetch_add(static_cast<int64_t>(blob->bitmap.used()) - used_before,
                             std::memory_order_relaxed);
  return Status::Ok();
}

Result<std::vector<uint64_t>> StoreCore::Bitmap(uint32_t root) {
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(
      CheckPhase(phase_ == Phase::kRecovering || phase_ == Phase::kQuiet, "Bitmap"));
  const PrivateBlob* blob = space_->Find(root);
  if (blob == nullptr) return Status::NotFound("no private blob " + std::to_string(root));
  return blob->bitmap.Words();
}

Status StoreCore::Start() {
  std::lock_guard<std::mutex> lock(control_);
  ASHLAR_RETURN_IF_ERROR(CheckPhase(phase_ == Phase::kRecovering, "Start"));
  if (options_.device.read_only) {
    return Status::ReadOnly("the store on " + device_->info().name + " was opened read-only");
  }
  // From here on pages change hands without a change of metadata, so the device must say now that
  // it is not clean: a bitmap saved before is not to be trusted after a crash (R4).
  if (!marked_dirty_) ASHLAR_RETURN_IF_ERROR(WriteGenerationLocked(identity_.generation));
  // Emptiest first and in turn, so that every reactor gets about the same.
  std::vector<PrivateBlob*> blobs = space_->Blobs();
  std::stable_sort(blobs.begin(), blobs.end(), [](const PrivateBlob* a, const PrivateBlob* b) {
    return a->bitmap.free_pages() > b->bitmap.free_pages();
  });
  OnEachReactor([&](StoreReactor& part) {
    for (size_t i = part.index(); i < blobs.size(); i += reactors_.size()) part.Adopt(blobs[i]);
  });
  OnEachReactor([](StoreReactor& part) { part.StartAllocating(); });
  phase_ = Phase::kRunning;
  return Status::Ok();
}

}  // namespace ashlar
