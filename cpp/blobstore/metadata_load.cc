#include "cpp/blobstore/metadata_load.h"

#include <algorithm>
#include <set>
#include <utility>

namespace ashlar {

namespace {

class Loader {
 public:
  Loader(const SuperBlock& super, const ScannedPages& pages, const LoadOptions& options)
      : pages_(pages), options_(options), bounds_(BoundsOf(super)) {
    out_.used_pages = Bitmap(bounds_.metadata_pages);
    out_.used_clusters = Bitmap(bounds_.total_clusters);
    out_.used_clusters.SetRange(0, bounds_.first_data_cluster);
  }

  Result<LoadedMetadata> Run() {
    for (const uint32_t root : FindRoots()) Assemble(root);
    DropBlobsThatShareClusters();
    for (const auto& [root, blob] : out_.blobs) Claim(root, blob);
    if (options_.clean) ASHLAR_RETURN_IF_ERROR(CompareWithMasks());
    for (auto& [root, reason] : damaged_) {
      out_.damaged.push_back({MetadataPageIndex{root}, std::move(reason)});
    }
    Withhold();
    return std::move(out_);
  }

 private:
  std::set<uint32_t> FindRoots() {
    std::set<uint32_t> roots;
    for (const auto& [index, page] : pages_.good) {
      // Nothing but a root page has sequence 0 and is no extent page. One that lies elsewhere was
      // written to the wrong place, over what was there.
      const bool misplaced = page.sequence == 0 && !page.is_extent_page() && !IsRootAt(index, page);
      if (IsRootAt(index, page)) roots.insert(index);
      if (misplaced && !options_.clean) {
        damaged_[index] = "holds a page of blob " + std::to_string(page.blob.value);
      }
    }
    if (options_.clean) {
      const Bitmap& used = options_.masks->used_blobids;
      for (uint64_t i = used.FindSet(0); i != Bitmap::kNone; i = used.FindSet(i + 1)) {
        roots.insert(static_cast<uint32_t>(i));
      }
      return roots;
    }
    for (const auto& [index, bad] : pages_.bad) {
      if (bad.may_be_root) roots.insert(index);
    }
    return roots;
  }

  void Assemble(uint32_t root) {
    const AssembleOptions assemble{.size_may_differ = !options_.clean};
    AssembledBlob found = AssembleBlob(MetadataPageIndex{root}, pages_, bounds_, assemble);
    if (!found.status.ok()) {
      damaged_[root] = found.status.context();
      return;
    }
    out_.blobs.emplace(root, std::move(found.blob));
  }

  // Of two blobs with one cluster, nobody can say whose data is in it: neither is used.
  void DropBlobsThatShareClusters() {
    Bitmap seen(bounds_.total_clusters);
    std::map<uint32_t, std::vector<uint32_t>> owners;  // of shared clusters
    for (const auto& [root, blob] : out_.blobs) {
      for (const uint32_t cluster : blob.clusters) {
        if (!seen.Set(cluster)) owners.try_emplace(cluster);
      }
    }
    if (owners.empty()) return;
    for (const auto& [root, blob] : out_.blobs) {
      for (const uint32_t cluster : blob.clusters) {
        if (const auto it = owners.find(cluster); it != owners.end()) it->second.push_back(root);
      }
    }
    for (const auto& [cluster, roots] : owners) {
      for (const uint32_t root : roots) {
        const uint32_t other = roots[0] == root ? roots[1] : roots[0];
        damaged_.try_emplace(root, "shares cluster " + std::to_string(cluster) +
                                       " with the blob at page " + std::to_string(other));
      }
    }
    for (const auto& [root, reason] : damaged_) out_.blobs.erase(root);
  }

  void Claim(uint32_t root, const BlobMetadata& blob) {
    out_.used_pages.Set(root);
    for (const uint32_t page : blob.chain_pages) out_.used_pages.Set(page);
    for (const uint32_t page : blob.extent_pages) out_.used_pages.Set(page);
    for (const uint32_t cluster : blob.clusters) out_.used_clusters.Set(cluster);
  }

  // The masks must cover what the blobs own. More than that is right only for damaged blobs.
  Status CompareWithMasks() const {
    const StoredMasks& masks = *options_.masks;
    ASHLAR_RETURN_IF_ERROR(Compare("metadata page", out_.used_pages, masks.used_pages));
    ASHLAR_RETURN_IF_ERROR(Compare("cluster", out_.used_clusters, masks.used_clusters));
    for (const auto& [root, blob] : out_.blobs) {
      if (!masks.used_blobids.Test(root)) {
        return Status::Corrupt("the blob at page " + std::to_string(root) + " is not in the mask");
      }
    }
    return Status::Ok();
  }

  Status Compare(const char* what, const Bitmap& owned, const Bitmap& mask) const {
    for (uint64_t i = 0; i < owned.word_count(); ++i) {
      const uint64_t unmarked = owned.word(i) & ~mask.word(i);
      const uint64_t unowned = mask.word(i) & ~owned.word(i);
      if (unmarked != 0) {
        return Status::Corrupt(std::string(what) + "s from " + std::to_string(i * 64) +
                               " on are used but not marked");
      }
      if (unowned != 0 && damaged_.empty()) {
        return Status::Corrupt(std::string(what) + "s from " + std::to_string(i * 64) +
                               " on are marked used but owned by no blob");
      }
    }
    return Status::Ok();
  }

  // Keeps what may belong to damaged blobs from being given out.
  void Withhold() {
    if (damaged_.empty()) return;
    const uint64_t owned = out_.used_clusters.set_count();
    for (const auto& it : out_.damaged) WithholdBlob(it.root.value);
    if (options_.masks != nullptr) {
      Add(options_.masks->used_pages, &out_.used_pages);
      Add(options_.masks->used_clusters, &out_.used_clusters);
    }
    out_.withheld_clusters = out_.used_clusters.set_count() - owned;
  }

  void WithholdBlob(uint32_t root) {
    out_.used_pages.Set(root);
    // What the pages say, as far as they can be followed and whether or not the checksums hold.
    const AssembleOptions assemble{.size_may_differ = true, .use_guesses = true};
    const AssembledBlob found = AssembleBlob(MetadataPageIndex{root}, pages_, bounds_, assemble);
    for (const uint32_t page : found.pages) out_.used_pages.Set(page);
    for (const uint32_t cluster : found.clusters) out_.used_clusters.Set(cluster);
    // A table and whole extent pages that agree with it cannot both be damaged. A run-length
    // encoded list has no such witness.
    const bool known =
        options_.clean || (found.status.ok() && found.has_extents && found.blob.uses_extent_table);
    if (!known) out_.allocation_refused = true;
    // And what other pages say that carry its id: older ones, perhaps, but nobody else's.
    const BlobId id = BlobId::FromRoot(MetadataPageIndex{root});
    for (const auto& [index, page] : pages_.good) {
      if (page.blob == id) WithholdPage(index, page);
    }
    for (const auto& [index, bad] : pages_.bad) {
      if (bad.guess.blob == id) WithholdPage(index, bad.guess);
    }
  }

  void WithholdPage(uint32_t index, const MetadataPage& page) {
    out_.used_pages.Set(index);
    for (const Descriptor& descriptor : page.descriptors) {
      if (const auto* extent = std::get_if<ExtentPageDescriptor>(&descriptor)) {
        for (const uint32_t cluster : extent->clusters) {
          if (cluster < bounds_.total_clusters) out_.used_clusters.Set(cluster);
        }
      } else if (const auto* rle = std::get_if<ExtentRleDescriptor>(&descriptor)) {
        for (const ExtentRun& run : rle->runs) {
          if (run.cluster == 0) continue;
          out_.used_clusters.SetRange(
              run.cluster,
              std::min<uint64_t>(uint64_t{run.cluster} + run.length, bounds_.total_clusters));
        }
      }
    }
  }

  static void Add(const Bitmap& from, Bitmap* to) {
    for (uint64_t i = 0; i < to->word_count(); ++i) to->set_word(i, to->word(i) | from.word(i));
  }

  const ScannedPages& pages_;
  const LoadOptions& options_;
  const BlobBounds bounds_;
  LoadedMetadata out_;
  std::map<uint32_t, std::string> damaged_;  // root page to reason
};

}  // namespace

BlobBounds BoundsOf(const SuperBlock& super) {
  return {super.metadata.pages, super.metadata_clusters(), super.total_clusters()};
}

Result<LoadedMetadata> LoadMetadata(const SuperBlock& super, const ScannedPages& pages,
                                    const LoadOptions& options) {
  return Loader(super, pages, options).Run();
}

}  // namespace ashlar
