#include "cpp/blobstore/blob_layout.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "cpp/base/check.h"

namespace ashlar {

namespace {

std::string Number(uint64_t value) { return std::to_string(value); }

class Assembler {
 public:
  Assembler(MetadataPageIndex root, const ScannedPages& pages, const BlobBounds& bounds,
            const AssembleOptions& options)
      : pages_(pages), bounds_(bounds), options_(options) {
    out_.blob.id = BlobId::FromRoot(root);
    out_.blob.flags = {};
    out_.blob.uses_extent_table = false;
  }

  AssembledBlob Run() {
    out_.status = Assemble();
    return std::move(out_);
  }

 private:
  Status Assemble() {
    ASHLAR_RETURN_IF_ERROR(FollowChain());
    for (const MetadataPage* page : chain_) {
      for (const Descriptor& descriptor : page->descriptors) {
        const Status status = std::visit([this](const auto& it) { return Take(it); }, descriptor);
        if (!status.ok()) return status;
      }
    }
    if (has_table_) ASHLAR_RETURN_IF_ERROR(ReadExtentPages());
    if (!has_table_) out_.blob.cluster_count = listed_clusters_;
    out_.has_extents = has_table_ || has_rle_;
    return CheckClusters();
  }

  Status FollowChain() {
    uint32_t index = out_.blob.id.root().value;
    while (true) {
      const uint32_t sequence = static_cast<uint32_t>(chain_.size());
      const std::string where =
          "page " + Number(index) + ", number " + Number(sequence) + " of the blob's chain, ";
      if (index >= bounds_.metadata_pages) {
        return Status::Corrupt(where + "is outside the metadata region of " +
                               Number(bounds_.metadata_pages) + " pages");
      }
      if (!visited_.insert(index).second) {
        return Status::Corrupt(where + "is in the chain already");
      }
      Result<const MetadataPage*> page = Find(index, options_.use_guesses);
      if (!page.ok()) return Status::Corrupt(where + page.status().context());
      if ((*page)->blob != out_.blob.id) {
        return Status::Corrupt(where + "belongs to blob " + Number((*page)->blob.value));
      }
      if ((*page)->sequence != sequence) {
        return Status::Corrupt(where + "says it is number " + Number((*page)->sequence));
      }
      out_.pages.push_back(index);
      if (sequence > 0) out_.blob.chain_pages.push_back(index);
      chain_.push_back(*page);
      if ((*page)->next == format::kNoPage) return Status::Ok();
      index = (*page)->next;
    }
  }

  Result<const MetadataPage*> Find(uint32_t index, bool use_guess) const {
    if (const auto good = pages_.good.find(index); good != pages_.good.end()) return &good->second;
    const auto bad = pages_.bad.find(index);
    if (bad == pages_.bad.end()) return Status::Corrupt("is empty");
    if (use_guess) return &bad->second.guess;
    return Status::Corrupt("is bad: " + bad->second.reason);
  }

  Status Take(const FlagsDescriptor& flags) {
    if (has_flags_) return Status::Corrupt("two flags descriptors");
    has_flags_ = true;
    out_.blob.flags = flags;
    return Status::Ok();
  }

  Status Take(const XattrDescriptor& xattr) {
    std::vector<Xattr>& xattrs = xattr.internal ? out_.blob.internal_xattrs : out_.blob.xattrs;
    for (const Xattr& other : xattrs) {
      if (other.name == xattr.name) return Status::Corrupt("two xattrs '" + xattr.name + "'");
    }
    xattrs.push_back({xattr.name, xattr.value});
    return Status::Ok();
  }

  Status Take(const UnknownDescriptor&) {
    out_.blob.has_unknown_descriptors = true;
    return Status::Ok();
  }

  Status Take(const ExtentPageDescriptor&) {
    return Status::Corrupt("an extent page descriptor in the blob's chain");
  }

  Status Take(const ExtentRleDescriptor& rle) {
    if (has_table_) return Status::Corrupt("run-length-encoded extents beside an extent table");
    has_rle_ = true;
    for (const ExtentRun& run : rle.runs) {
      if (run.cluster == 0) {
        if (!out_.blob.thin()) return Status::Corrupt("unallocated clusters in a blob not thin");
        listed_clusters_ += run.length;
        continue;
      }
      // Checked before the run is expanded: a length from the device must not cost memory.
      ASHLAR_RETURN_IF_ERROR(CheckCluster(run.cluster));
      if (run.length > bounds_.total_clusters - run.cluster) {
        return Status::Corrupt(Number(run.length) + " clusters from " + Number(run.cluster) +
                               " on, of " + Number(bounds_.total_clusters));
      }
      if (out_.clusters.size() + run.length > bounds_.total_clusters) {
        return Status::Corrupt("more clusters than the device has");
      }
      for (uint32_t i = 0; i < run.length; ++i) out_.clusters.push_back(run.cluster + i);
      listed_clusters_ += run.length;
    }
    return Status::Ok();
  }

  Status Take(const ExtentTableDescriptor& table) {
    if (has_rle_) return Status::Corrupt("an extent table beside run-length-encoded extents");
    if (has_table_ && table.clusters != out_.blob.cluster_count) {
      return Status::Corrupt("extent tables for " + Number(out_.blob.cluster_count) + " and for " +
                             Number(table.clusters) + " clusters");
    }
    has_table_ = true;
    out_.blob.uses_extent_table = true;
    out_.blob.cluster_count = table.clusters;
    entries_.insert(entries_.end(), table.entries.begin(), table.entries.end());
    return Status::Ok();
  }

  Status ReadExtentPages() {
    uint64_t number = 0;
    for (const ExtentTableEntry& entry : entries_) {
      if (entry.page == 0) {
        if (!out_.blob.thin()) {
          return Status::Corrupt("unallocated extent pages in a blob not thin");
        }
        number += entry.count;
        continue;
      }
      if (entry.count != 1) {
        return Status::Corrupt("extent table entry for page " + Number(entry.page) + " repeated " +
                               Number(entry.count) + " times");
      }
      ASHLAR_RETURN_IF_ERROR(ReadExtentPage(entry.page, number));
      ++number;
    }
    if (out_.blob.thin()) return Status::Ok();
    if (listed_clusters_ != out_.blob.cluster_count && !options_.size_may_differ) {
      return Status::Corrupt("the extent pages list " + Number(listed_clusters_) + " clusters of " +
                             Number(out_.blob.cluster_count));
    }
    out_.blob.extent_pages_stale = listed_clusters_ != out_.blob.cluster_count;
    out_.blob.cluster_count = std::min(out_.blob.cluster_count, listed_clusters_);
    out_.clusters.resize(out_.blob.cluster_count);
    return Status::Ok();
  }

  Status ReadExtentPage(uint32_t index, uint64_t number) {
    const std::string where = "extent page " + Number(number) + " at page " + Number(index) + " ";
    if (index >= bounds_.metadata_pages) {
      return Status::Corrupt(where + "is outside the metadata region of " +
                             Number(bounds_.metadata_pages) + " pages");
    }
    if (!visited_.insert(index).second) {
      return Status::Corrupt(where + "is used twice");
    }
    Result<const MetadataPage*> page = Find(index, false);
    if (!page.ok()) return Status::Corrupt(where + page.status().context());
    if ((*page)->blob != out_.blob.id) {
      return Status::Corrupt(where + "belongs to blob " + Number((*page)->blob.value));
    }
    if (!(*page)->is_extent_page() || (*page)->sequence != 0 || (*page)->next != format::kNoPage) {
      return Status::Corrupt(where + "is no extent page");
    }
    out_.pages.push_back(index);
    out_.blob.extent_pages.push_back(index);
    const auto& extent = std::get<ExtentPageDescriptor>((*page)->descriptors[0]);
    if (extent.first_index != number * format::kClustersPerExtentPage) {
      return Status::Corrupt(where + "is for clusters from " + Number(extent.first_index) + " on");
    }
    if (extent.clusters.size() > format::kClustersPerExtentPage) {
      return Status::Corrupt(where + "has " + Number(extent.clusters.size()) + " clusters");
    }
    for (const uint32_t cluster : extent.clusters) {
      if (cluster != 0) {
        ASHLAR_RETURN_IF_ERROR(CheckCluster(cluster));
        out_.clusters.push_back(cluster);
      } else if (!out_.blob.thin()) {
        return Status::Corrupt(where + "has an unallocated cluster, but the blob is not thin");
      }
    }
    // A page that is not full must be the last: what follows would be at the wrong place.
    if (!out_.blob.thin() && listed_clusters_ != extent.first_index) {
      return Status::Corrupt(where + "follows a page that is not full");
    }
    listed_clusters_ += extent.clusters.size();
    return Status::Ok();
  }

  Status CheckCluster(uint32_t cluster) const {
    if (cluster >= bounds_.first_data_cluster && cluster < bounds_.total_clusters) {
      return Status::Ok();
    }
    return Status::Corrupt("cluster " + Number(cluster) + " is outside the data clusters " +
                           Number(bounds_.first_data_cluster) + " to " +
                           Number(bounds_.total_clusters));
  }

  Status CheckClusters() {
    out_.blob.clusters = out_.clusters;
    std::vector<uint32_t> sorted = out_.clusters;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) {
      return Status::Corrupt("cluster " + Number(*twice) + " is in the blob twice");
    }
    return Status::Ok();
  }

  const ScannedPages& pages_;
  const BlobBounds& bounds_;
  const AssembleOptions& options_;
  AssembledBlob out_;
  std::unordered_set<uint32_t> visited_;  // a cycle ends at the page that is seen again
  std::vector<const MetadataPage*> chain_;
  std::vector<ExtentTableEntry> entries_;
  bool has_flags_ = false;
  bool has_rle_ = false;
  bool has_table_ = false;
  uint64_t listed_clusters_ = 0;
};

// Fills pages of a chain one descriptor after the other.
class ChainWriter {
 public:
  explicit ChainWriter(BlobId blob) : blob_(blob) { NewPage(); }

  void Add(Descriptor descriptor) {
    const size_t bytes = EncodedBytes(descriptor);
    ASHLAR_CHECK(bytes <= format::kDescriptorAreaBytes);
    if (bytes > room_bytes_) NewPage();
    room_bytes_ -= bytes;
    pages_.back().descriptors.push_back(std::move(descriptor));
  }

  // How many items of `item_bytes` fit behind a descriptor's first `fixed_bytes`; at least one, in
  // a new page if need be.
  size_t RoomFor(size_t fixed_bytes, size_t item_bytes) {
    const size_t header_bytes = sizeof(format::DescriptorHeaderLayout) + fixed_bytes;
    if (room_bytes_ < header_bytes + item_bytes) NewPage();
    return (room_bytes_ - header_bytes) / item_bytes;
  }

  std::vector<MetadataPage> Take() { return std::move(pages_); }

 private:
  void NewPage() {
    MetadataPage page;
    page.blob = blob_;
    page.sequence = static_cast<uint32_t>(pages_.size());
    pages_.push_back(std::move(page));
    room_bytes_ = format::kDescriptorAreaBytes;
  }

  BlobId blob_;
  std::vector<MetadataPage> pages_;
  size_t room_bytes_ = 0;
};

void AddExtentTable(const BlobMetadata& blob, ChainWriter* writer) {
  size_t next = 0;
  do {
    ExtentTableDescriptor table;
    table.clusters = blob.cluster_count;
    const size_t end = std::min(next + writer->RoomFor(8, 8), blob.extent_pages.size());
    for (; next < end; ++next) table.entries.push_back({blob.extent_pages[next], 1});
    writer->Add(std::move(table));
  } while (next < blob.extent_pages.size());
}

void AddExtentRle(const BlobMetadata& blob, ChainWriter* writer) {
  std::vector<ExtentRun> runs;
  for (const uint32_t cluster : blob.clusters) {
    if (!runs.empty() && runs.back().cluster + runs.back().length == cluster) {
      ++runs.back().length;
    } else {
      runs.push_back({cluster, 1});
    }
  }
  for (size_t next = 0; next < runs.size();) {
    const size_t end = std::min(next + writer->RoomFor(0, 8), runs.size());
    ExtentRleDescriptor rle;
    rle.runs.assign(runs.begin() + static_cast<ptrdiff_t>(next),
                    runs.begin() + static_cast<ptrdiff_t>(end));
    writer->Add(std::move(rle));
    next = end;
  }
}

}  // namespace

AssembledBlob AssembleBlob(MetadataPageIndex root, const ScannedPages& pages,
                           const BlobBounds& bounds, const AssembleOptions& options) {
  return Assembler(root, pages, bounds, options).Run();
}

std::vector<MetadataPage> EncodeChain(const BlobMetadata& blob) {
  ASHLAR_CHECK(!blob.thin() && !blob.has_unknown_descriptors);
  ChainWriter writer(blob.id);
  writer.Add(blob.flags);
  for (const Xattr& it : blob.xattrs) writer.Add(XattrDescriptor{false, it.name, it.value});
  for (const Xattr& it : blob.internal_xattrs) writer.Add(XattrDescriptor{true, it.name, it.value});
  if (blob.uses_extent_table) {
    AddExtentTable(blob, &writer);
  } else {
    AddExtentRle(blob, &writer);
  }
  return writer.Take();
}

MetadataPage EncodeExtentPage(const BlobMetadata& blob, uint64_t number) {
  const uint64_t begin = number * format::kClustersPerExtentPage;
  const uint64_t end =
      std::min<uint64_t>(begin + format::kClustersPerExtentPage, blob.clusters.size());
  ASHLAR_CHECK(begin < end);
  ExtentPageDescriptor extent;
  extent.first_index = static_cast<uint32_t>(begin);
  extent.clusters.assign(blob.clusters.begin() + static_cast<ptrdiff_t>(begin),
                         blob.clusters.begin() + static_cast<ptrdiff_t>(end));
  MetadataPage page;
  page.blob = blob.id;
  page.descriptors.emplace_back(std::move(extent));
  return page;
}

BlobAccess AccessOf(const BlobMetadata& blob, std::string* reason) {
  const FlagsDescriptor& flags = blob.flags;
  const auto because = [&](BlobAccess access, const char* why) {
    *reason = why;
    return access;
  };
  if ((flags.invalid & ~format::kKnownInvalidFlags) != 0) {
    return because(BlobAccess::kRefused, "it has feature flags unknown to this version");
  }
  if ((flags.invalid & format::kExternalSnapshot) != 0) {
    return because(BlobAccess::kRefused, "it is a clone of a snapshot outside this device");
  }
  if (blob.thin()) {
    return because(BlobAccess::kRefused, "it is thin-provisioned (or a clone), made by SPDK");
  }
  if ((flags.data_read_only & format::kReadOnlyData) != 0) {
    return because(BlobAccess::kReadOnly, "it is marked read-only (a snapshot made by SPDK)");
  }
  if (flags.data_read_only != 0) {
    return because(BlobAccess::kReadOnly, "it has data flags unknown to this version");
  }
  if ((flags.invalid & format::kInternalXattrs) != 0 || !blob.internal_xattrs.empty()) {
    return because(BlobAccess::kReadOnly, "it takes part in snapshots made by SPDK");
  }
  if ((flags.metadata_read_only & ~format::kClearMethodMask) != 0) {
    return because(BlobAccess::kMetadataReadOnly, "it has metadata flags unknown to this version");
  }
  if (blob.has_unknown_descriptors) {
    return because(BlobAccess::kMetadataReadOnly, "it has descriptors unknown to this version");
  }
  reason->clear();
  return BlobAccess::kReadWrite;
}

}  // namespace ashlar
