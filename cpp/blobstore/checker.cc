#include "cpp/blobstore/checker.h"

#include <algorithm>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>

#include "cpp/base/aligned_buffer.h"
#include "cpp/blobstore/bit_mask.h"
#include "cpp/blobstore/metadata_page.h"
#include "cpp/blobstore/metadata_scan.h"
#include "cpp/blobstore/page_io.h"
#include "cpp/blobstore/super_block.h"

namespace ashlar {

namespace {

class Checker {
 public:
  Checker(Channel& channel, const DeviceInfo& info) : io_(channel, info) {}

  Task<Result<CheckReport>> Run() {
    Status status = co_await ReadSuperBlock();
    if (!status.ok()) co_return status;
    status = co_await ReadPages();
    if (!status.ok()) co_return status;
    CheckBlobs();
    CountUnownedPages();
    if (super_.closed_cleanly()) {
      status = co_await CheckMasks();
      if (!status.ok()) co_return status;
    }
    report_.clean = super_.closed_cleanly();
    co_return report_;
  }

 private:
  void Problem(std::string text) { report_.problems.push_back(std::move(text)); }

  Task<Status> ReadSuperBlock() {
    AlignedBuffer page(kPageBytes);
    if (!page.valid()) co_return Status::OutOfMemory("super block");
    const Status read = co_await io_.Read(0, page.span());
    if (!read.ok()) co_return read;
    Result<SuperBlock> super = DecodeSuperBlock(page.span().first<kPageBytes>());
    if (!super.ok()) co_return super.status();
    super_ = std::move(super).value();
    if (super_.clean > 1) Problem("super block: clean is " + std::to_string(super_.clean));
    co_return CheckGeometry(super_, io_.info().size_bytes);
  }

  Task<Status> ReadPages() {
    AlignedBuffer buffer(std::min<uint64_t>(PageIo::kMaxTransferBytes,
                                            uint64_t{super_.metadata.pages} * kPageBytes));
    if (!buffer.valid()) co_return Status::OutOfMemory("metadata pages");
    const uint64_t window_pages = buffer.size() / kPageBytes;
    for (uint64_t begin = 0; begin < super_.metadata.pages; begin += window_pages) {
      const uint64_t count = std::min(window_pages, super_.metadata.pages - begin);
      const std::span<uint8_t> window = buffer.span().first(count * kPageBytes);
      const Status read =
          co_await io_.Read(super_.metadata.offset_bytes() + begin * kPageBytes, window);
      if (!read.ok()) co_return read;
      for (uint64_t i = 0; i < count; ++i) {
        scan_.Add(static_cast<uint32_t>(begin + i),
                  window.subspan(i * kPageBytes).first<kPageBytes>());
      }
    }
    co_return Status::Ok();
  }

  void CheckBlobs() {
    for (uint32_t index = 0; index < super_.metadata.pages; ++index) {
      const auto it = scan_.good.find(index);
      if (it == scan_.good.end() || it->second.sequence != 0) continue;
      const MetadataPage& page = it->second;
      if (page.is_extent_page()) continue;
      blob_ = "blob at page " + std::to_string(index) + ": ";
      if (page.blob.value != (uint64_t{1} << 32 | index)) {
        Problem(blob_ + "its id is " + std::to_string(page.blob.value));
        continue;
      }
      ++report_.blobs;
      CheckBlob(index);
    }
  }

  void CheckBlob(uint32_t root) {
    flags_ = 0;
    xattr_names_.clear();
    table_ = ExtentTableDescriptor();
    has_table_ = has_extents_rle_ = false;
    uint32_t index = root;
    for (uint32_t sequence = 0; index != format::kNoPage; ++sequence) {
      const MetadataPage* page = OwnPage(root, index);
      if (page == nullptr) return;
      if (page->sequence != sequence) {
        Problem(blob_ + "page " + std::to_string(index) + " has sequence " +
                std::to_string(page->sequence) + " instead of " + std::to_string(sequence));
        return;
      }
      for (const Descriptor& descriptor : page->descriptors) CheckDescriptor(root, descriptor);
      index = page->next;
    }
    if (has_table_ && has_extents_rle_) Problem(blob_ + "two kinds of extents");
    if (has_table_ != ((flags_ & format::kExtentTable) != 0)) {
      Problem(blob_ + "the flag for extent tables does not match its extents");
    }
    if (has_table_) CheckExtentPages(root);
  }

  // The page, if it is in range, whole, of this blob and not taken yet.
  const MetadataPage* OwnPage(uint32_t root, uint32_t index) {
    const std::string where = blob_ + "page " + std::to_string(index);
    if (index >= super_.metadata.pages) {
      Problem(where + " is out of range");
      return nullptr;
    }
    if (const auto bad = scan_.bad.find(index); bad != scan_.bad.end()) {
      Problem(where + ": " + bad->second.reason);
      return nullptr;
    }
    const auto it = scan_.good.find(index);
    if (it == scan_.good.end()) {
      Problem(where + " is empty");
      return nullptr;
    }
    if (it->second.blob.root().value != root) {
      Problem(where + " is of blob " + std::to_string(it->second.blob.value));
      return nullptr;
    }
    const auto [owner, is_new] = page_owners_.emplace(index, root);
    if (!is_new) {
      Problem(where + " is owned by the blob at page " + std::to_string(owner->second));
      return nullptr;
    }
    return &it->second;
  }

  void CheckDescriptor(uint32_t root, const Descriptor& descriptor) {
    if (const auto* flags = std::get_if<FlagsDescriptor>(&descriptor)) {
      flags_ = flags->invalid;
      if ((flags_ & ~format::kKnownInvalidFlags) != 0) Problem(blob_ + "unknown flags");
    } else if (const auto* xattr = std::get_if<XattrDescriptor>(&descriptor)) {
      const std::string name = (xattr->internal ? "i:" : "x:") + xattr->name;
      if (std::find(xattr_names_.begin(), xattr_names_.end(), name) != xattr_names_.end()) {
        Problem(blob_ + "two xattrs '" + xattr->name + "'");
      }
      xattr_names_.push_back(name);
    } else if (const auto* table = std::get_if<ExtentTableDescriptor>(&descriptor)) {
      if (has_table_ && table_.clusters != table->clusters) {
        Problem(blob_ + "extent tables of different sizes");
      }
      has_table_ = true;
      table_.clusters = table->clusters;
      table_.entries.insert(table_.entries.end(), table->entries.begin(), table->entries.end());
    } else if (const auto* rle = std::get_if<ExtentRleDescriptor>(&descriptor)) {
      has_extents_rle_ = true;
      for (const ExtentRun& run : rle->runs) {
        for (uint64_t i = 0; run.cluster != 0 && i < run.length; ++i) {
          if (!OwnCluster(root, run.cluster + i)) return;
        }
      }
    } else {
      Problem(blob_ + "a descriptor of unknown or wrong type in its chain");
    }
  }

  void CheckExtentPages(uint32_t root) {
    const bool thin = (flags_ & format::kThin) != 0;
    uint64_t first_index = 0;
    for (const ExtentTableEntry& entry : table_.entries) {
      if (entry.page == 0) {
        if (!thin) Problem(blob_ + "unallocated extent page");
        first_index += uint64_t{entry.count} * format::kClustersPerExtentPage;
        continue;
      }
      const MetadataPage* page = OwnPage(root, entry.page);
      if (page == nullptr) return;
      if (entry.count != 1 || !page->is_extent_page() || page->sequence != 0 ||
          page->next != format::kNoPage) {
        Problem(blob_ + "page " + std::to_string(entry.page) + " is no proper extent page");
        return;
      }
      const auto& extent = std::get<ExtentPageDescriptor>(page->descriptors[0]);
      const uint64_t left = table_.clusters - std::min(table_.clusters, first_index);
      const uint64_t expected = std::min<uint64_t>(left, format::kClustersPerExtentPage);
      if (extent.first_index != first_index || extent.clusters.size() != expected) {
        Problem(blob_ + "extent page " + std::to_string(entry.page) + " has " +
                std::to_string(extent.clusters.size()) + " clusters from " +
                std::to_string(extent.first_index) + " on instead of " + std::to_string(expected) +
                " from " + std::to_string(first_index));
      }
      for (const uint32_t cluster : extent.clusters) {
        if (cluster == 0 && thin) continue;
        if (!OwnCluster(root, cluster)) return;
      }
      first_index += format::kClustersPerExtentPage;
    }
    if (first_index < table_.clusters) {
      Problem(blob_ + "the extent table covers " + std::to_string(first_index) + " of " +
              std::to_string(table_.clusters) + " clusters");
    }
  }

  bool OwnCluster(uint32_t root, uint64_t cluster) {
    if (cluster < super_.metadata_clusters() || cluster >= super_.total_clusters()) {
      Problem(blob_ + "cluster " + std::to_string(cluster) + " is out of range");
      return false;
    }
    const auto [owner, is_new] = cluster_owners_.emplace(cluster, root);
    if (!is_new) {
      Problem(blob_ + "cluster " + std::to_string(cluster) + " is owned by the blob at page " +
              std::to_string(owner->second));
    }
    return is_new;
  }

  void CountUnownedPages() {
    for (const auto& [index, page] : scan_.good) {
      if (!page_owners_.contains(index)) ++report_.stale_pages;
    }
    for (const auto& [index, bad] : scan_.bad) {
      ++report_.torn_pages;
      if (!bad.may_be_root) continue;
      Problem("page " + std::to_string(index) + " may be what is left of a root: " + bad.reason);
    }
    report_.used_pages = page_owners_.size();
    report_.used_clusters = cluster_owners_.size() + super_.metadata_clusters();
  }

  Task<Status> CheckMasks() {
    Bitmap pages(super_.metadata.pages);
    Bitmap blobids(super_.metadata.pages);
    Bitmap clusters(super_.total_clusters());
    for (const auto& [index, root] : page_owners_) {
      pages.Set(index);
      blobids.Set(root);
    }
    for (const auto& [cluster, root] : cluster_owners_) clusters.Set(cluster);
    clusters.SetRange(0, super_.metadata_clusters());
    Status status = co_await CheckMask(format::MaskType::kUsedPages, super_.used_page_mask, pages);
    if (!status.ok()) co_return status;
    status = co_await CheckMask(format::MaskType::kUsedBlobIds, super_.used_blobid_mask, blobids);
    if (!status.ok()) co_return status;
    co_return co_await CheckMask(format::MaskType::kUsedClusters, super_.used_cluster_mask,
                                 clusters);
  }

  Task<Status> CheckMask(format::MaskType type, PageRange where, const Bitmap& expected) {
    AlignedBuffer bytes(static_cast<size_t>(where.pages) * kPageBytes);
    if (!bytes.valid()) co_return Status::OutOfMemory("bit mask");
    const Status read = co_await io_.Read(where.offset_bytes(), bytes.span());
    if (!read.ok()) co_return read;
    const Result<Bitmap> mask = DecodeMask(type, expected.size(), bytes.span());
    if (!mask.ok()) {
      Problem(mask.status().context());
    } else if (!(mask.value() == expected)) {
      Problem("mask of type " + std::to_string(static_cast<int>(type)) + " marks " +
              std::to_string(mask.value().set_count()) + " items, the metadata uses " +
              std::to_string(expected.set_count()) + ", or others");
    }
    co_return Status::Ok();
  }

  PageIo io_;
  SuperBlock super_;
  CheckReport report_;
  ScannedPages scan_;
  std::unordered_map<uint32_t, uint32_t> page_owners_;     // to root page
  std::unordered_map<uint64_t, uint32_t> cluster_owners_;  // likewise

  // Of the blob being checked.
  std::string blob_;
  uint64_t flags_ = 0;
  std::vector<std::string> xattr_names_;
  ExtentTableDescriptor table_;
  bool has_table_ = false;
  bool has_extents_rle_ = false;
};

}  // namespace

Task<Result<CheckReport>> CheckBlobstore(Channel& channel, const DeviceInfo& info) {
  Checker checker(channel, info);
  Result<CheckReport> report = co_await checker.Run();
  co_return report;
}

}  // namespace ashlar
