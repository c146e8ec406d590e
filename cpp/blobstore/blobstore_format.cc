// Format: an empty blobstore, laid out as SPDK lays it out, with room for the shadow area.
#include <algorithm>
#include <bit>

#include "cpp/base/aligned_buffer.h"
#include "cpp/blobstore/bit_mask.h"
#include "cpp/blobstore/blobstore_impl.h"

namespace ashlar {

namespace {

constexpr uint32_t kMaxDefaultMetadataPages = 131072;
constexpr uint32_t kMaxFilledMetadataPages = 4096;

// Super block, shadow area, used pages, used clusters, used blobids, metadata.
SuperBlock LayOut(const DeviceInfo& info, const BlobstoreFormatOptions& options,
                  uint32_t metadata_pages) {
  SuperBlock super;
  super.cluster_bytes = options.cluster_bytes;
  super.type = options.type;
  super.size_bytes = info.size_bytes;
  super.io_unit_bytes = info.sector_bytes;
  super.ashlar_magic = format::kAshlarMagic;
  super.shadow_start = format::kShadowStart;
  const uint32_t page_mask_pages = static_cast<uint32_t>(MaskPages(metadata_pages));
  const uint32_t cluster_mask_pages = static_cast<uint32_t>(MaskPages(super.total_clusters()));
  uint32_t next = format::kShadowStart + format::kShadowPages;
  super.used_page_mask = {next, page_mask_pages};
  next += page_mask_pages;
  super.used_cluster_mask = {next, cluster_mask_pages};
  // SPDK leaves the same room, for growing the device up to as many clusters as metadata pages.
  next += std::max(page_mask_pages, cluster_mask_pages);
  super.used_blobid_mask = {next, page_mask_pages};
  next += page_mask_pages;
  super.metadata = {next, metadata_pages};
  return super;
}

// As many pages as asked for, or one per cluster and what else fits in the clusters this takes.
SuperBlock ChooseLayout(const DeviceInfo& info, const BlobstoreFormatOptions& options) {
  if (options.metadata_pages != 0) return LayOut(info, options, options.metadata_pages);
  const uint64_t clusters = info.size_bytes / options.cluster_bytes;
  const uint32_t pages =
      static_cast<uint32_t>(std::clamp<uint64_t>(clusters, 1, kMaxDefaultMetadataPages));
  const SuperBlock least = LayOut(info, options, pages);
  uint32_t filled = std::max(pages, kMaxFilledMetadataPages);
  const uint64_t end = RoundUp(least.metadata.end(), least.pages_per_cluster());
  filled = static_cast<uint32_t>(std::min<uint64_t>(filled, pages + (end - least.metadata.end())));
  // A longer region may need a longer mask, which moves its end.
  while (filled > pages && LayOut(info, options, filled).metadata.end() > end) --filled;
  return LayOut(info, options, filled);
}

Status CheckOptions(const DeviceInfo& info, const BlobstoreFormatOptions& options) {
  const uint32_t cluster = options.cluster_bytes;
  if (!std::has_single_bit(cluster) || cluster < format::kMinClusterBytes ||
      cluster > format::kMaxClusterBytes) {
    return Status::InvalidArgument("cluster size " + std::to_string(cluster) +
                                   "; give a power of two from 65536 to 1073741824");
  }
  if (options.type.size() > format::kTypeBytes) {
    return Status::InvalidArgument("type '" + options.type + "' is longer than 16 bytes");
  }
  if (options.metadata_pages > uint32_t{1} << 30) {
    return Status::InvalidArgument(std::to_string(options.metadata_pages) +
                                   " metadata pages; give at most 1073741824");
  }
  if (info.size_bytes / cluster > UINT32_MAX) {
    return Status::InvalidArgument(info.name + " of " + std::to_string(info.size_bytes) +
                                   " bytes has more than 4294967295 clusters of " +
                                   std::to_string(cluster) + "; give a larger cluster size");
  }
  return Status::Ok();
}

Status CheckSize(const DeviceInfo& info, const SuperBlock& super) {
  const uint64_t needed_bytes = (super.metadata_clusters() + 1) * super.cluster_bytes;
  if (info.size_bytes >= needed_bytes) return Status::Ok();
  return Status::InvalidArgument(
      info.name + " of " + std::to_string(info.size_bytes) +
      " bytes is too small: " + std::to_string(super.metadata_clusters()) + " clusters of " +
      std::to_string(super.cluster_bytes) + " bytes for " + std::to_string(super.metadata.pages) +
      " metadata pages and one for data make " + std::to_string(needed_bytes));
}

Task<Status> WriteEmptyMask(PageIo& io, format::MaskType type, const Bitmap& bitmap,
                            PageRange where) {
  AlignedBuffer bytes(static_cast<size_t>(where.pages) * kPageBytes);
  if (!bytes.valid()) co_return Status::OutOfMemory("bit mask");
  EncodeMask(type, bitmap, bytes.span());
  co_return co_await io.Write(where.offset_bytes(), bytes.span());
}

}  // namespace

Task<Status> Blobstore::Format(Channel& channel, const DeviceInfo& info,
                               const BlobstoreFormatOptions& options) {
  Status status = CheckOptions(info, options);
  if (!status.ok()) co_return status;
  SuperBlock super = ChooseLayout(info, options);
  status = CheckSize(info, super);
  if (status.ok()) status = CheckGeometry(super, info.size_bytes);
  if (!status.ok()) co_return status;

  // First the old super block goes, and with it the shadow that might restore it.
  PageIo io(channel, info);
  status = co_await io.Zero(0, uint64_t{format::kShadowStart + format::kShadowPages} * kPageBytes);
  if (status.ok()) status = co_await io.Flush();
  if (!status.ok()) co_return status;

  // No page of an earlier blobstore may be taken for one of this.
  status =
      co_await io.Zero(super.metadata.offset_bytes(), uint64_t{super.metadata.pages} * kPageBytes);
  const Bitmap no_pages(super.metadata.pages);
  Bitmap clusters(super.total_clusters());
  clusters.SetRange(0, super.metadata_clusters());
  if (status.ok()) {
    status =
        co_await WriteEmptyMask(io, format::MaskType::kUsedPages, no_pages, super.used_page_mask);
  }
  if (status.ok()) {
    status = co_await WriteEmptyMask(io, format::MaskType::kUsedClusters, clusters,
                                     super.used_cluster_mask);
  }
  if (status.ok()) {
    status = co_await WriteEmptyMask(io, format::MaskType::kUsedBlobIds, no_pages,
                                     super.used_blobid_mask);
  }
  if (status.ok()) status = co_await io.Flush();
  if (!status.ok()) co_return status;

  // Only now is it a blobstore.
  AlignedBuffer page(kPageBytes);
  if (!page.valid()) co_return Status::OutOfMemory("super block");
  super.clean = format::kCleanlyClosed;
  EncodeSuperBlock(super, page.span().first<kPageBytes>());
  status = co_await io.Write(0, page.span());
  if (status.ok()) status = co_await io.Flush();
  co_return status;
}

}  // namespace ashlar
