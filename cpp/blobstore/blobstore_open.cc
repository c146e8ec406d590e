// Open: read the super block, the masks and the metadata, repair what a torn write left.
#include <algorithm>
#include <utility>

#include "cpp/base/aligned_buffer.h"
#include "cpp/blobstore/bit_mask.h"
#include "cpp/blobstore/blobstore_impl.h"

namespace ashlar {

namespace {

constexpr uint64_t kPagesPerWindow = PageIo::kMaxTransferBytes / kPageBytes;

std::span<uint8_t, kPageBytes> AsPage(std::span<uint8_t> bytes) {
  return bytes.first<kPageBytes>();
}

}  // namespace

Task<Status> Blobstore::Impl::Open() {
  Status status = co_await ReadSuperBlock();
  if (!status.ok()) co_return status;
  status = co_await LoadBlobs();
  if (!status.ok()) co_return status;
  report_.atomic_writes = io_.info().atomic_write_bytes >= kPageBytes;
  report_.shadowed = super_.has_shadow() && !report_.atomic_writes;
  if (!read_only_ && !repaired_pages_.empty()) {
    status = co_await WriteRepairs();
  }
  co_return status;
}

Task<Status> Blobstore::Impl::ReadSuperBlock() {
  const DeviceInfo& info = io_.info();
  if (info.size_bytes < kPageBytes) {
    co_return Status::WrongFormat("no blobstore: " + info.name + " has " +
                                  std::to_string(info.size_bytes) + " bytes");
  }
  AlignedBuffer page(kPageBytes);
  if (!page.valid()) co_return Status::OutOfMemory("super block");
  Status status = co_await io_.Read(0, page.span());
  if (!status.ok()) co_return status;
  Result<SuperBlock> super = DecodeSuperBlock(AsPage(page.span()));
  if (super.status().code() == StatusCode::kCorrupt) {
    // Torn? The super block cannot say where the shadow is, but there is only one place for it.
    status = co_await ReadShadow(format::kShadowStart);
    if (!status.ok()) co_return status;
    if (shadow_slot_ && shadow_slot_->target_page == 0 &&
        shadow_slot_->Explains(AsPage(page.span()))) {
      super = DecodeSuperBlock(shadow_slot_->image);
      report_.super_block_repaired = super.ok();
      if (super.ok()) repaired_pages_.push_back(0);
    }
  }
  if (!super.ok()) {
    co_return Status(super.status().code(), info.name + ": " + super.status().context());
  }
  super_ = std::move(super).value();
  // Nobody knows whether the masks were written: look at the metadata itself.
  if (report_.super_block_repaired) super_.clean = 0;
  if (super_.size_bytes == 0) super_.size_bytes = info.size_bytes;
  status = CheckGeometry(super_, info.size_bytes);
  if (!status.ok()) co_return Status(status.code(), info.name + ": " + status.context());
  if (!wanted_type_.empty() && wanted_type_ != super_.type) {
    co_return Status::WrongFormat(info.name + ": blobstore of type '" + super_.type + "', not '" +
                                  wanted_type_ + "'");
  }
  super_is_clean_ = super_.closed_cleanly();
  if (super_.has_shadow() && !shadow_slot_) {
    status = co_await ReadShadow(super_.shadow_start);
  }
  co_return status;
}

Task<Status> Blobstore::Impl::ReadShadow(uint64_t start_page) {
  shadow_slot_.reset();
  if ((start_page + format::kShadowPages) * kPageBytes > io_.info().size_bytes) {
    co_return Status::Ok();
  }
  AlignedBuffer slot(kShadowBytes);
  if (!slot.valid()) co_return Status::OutOfMemory("shadow area");
  const Status status = co_await io_.Read(start_page * kPageBytes, slot.span());
  // An unreadable shadow is as good as none.
  if (status.ok()) shadow_slot_ = DecodeShadow(slot.span().first<kShadowBytes>());
  co_return Status::Ok();
}

Task<Status> Blobstore::Impl::LoadBlobs() {
  ScannedPages pages;
  Result<StoredMasks> masks = co_await ReadMasks();
  if (super_.closed_cleanly() && !masks.ok()) {
    report_.masks_distrusted = masks.status().context();
  }
  if (super_.closed_cleanly() && masks.ok()) {
    Status status = co_await ScanPages(&masks->used_pages, &pages);
    if (!status.ok()) co_return status;
    const LoadOptions options{.masks = &masks.value(), .clean = true};
    Result<LoadedMetadata> loaded = LoadMetadata(super_, pages, options);
    if (loaded.ok() && !loaded->damaged.empty()) {
      // Perhaps it is the mask that is wrong, and the missing page is there but not marked.
      status = co_await ScanPages(nullptr, &pages);
      if (!status.ok()) co_return status;
      loaded = LoadMetadata(super_, pages, options);
    }
    if (loaded.ok()) {
      report_.was_clean = true;
      Adopt(std::move(loaded).value());
      co_return Status::Ok();
    }
    report_.masks_distrusted = loaded.status().context();
  }
  Status status = co_await ScanPages(nullptr, &pages);
  if (!status.ok()) co_return status;
  const LoadOptions options{.masks = masks.ok() ? &masks.value() : nullptr, .clean = false};
  Result<LoadedMetadata> loaded = LoadMetadata(super_, pages, options);
  if (!loaded.ok()) co_return loaded.status();
  changed_ = true;  // the masks are stale
  Adopt(std::move(loaded).value());
  co_return Status::Ok();
}

Task<Result<StoredMasks>> Blobstore::Impl::ReadMasks() {
  struct Wanted {
    format::MaskType type;
    PageRange where;
    uint64_t bits;
    Bitmap* into;
  };
  StoredMasks masks;
  const Wanted all[] = {
      {format::MaskType::kUsedPages, super_.used_page_mask, super_.metadata.pages,
       &masks.used_pages},
      {format::MaskType::kUsedClusters, super_.used_cluster_mask, super_.total_clusters(),
       &masks.used_clusters},
      {format::MaskType::kUsedBlobIds, super_.used_blobid_mask, super_.metadata.pages,
       &masks.used_blobids},
  };
  for (const Wanted& it : all) {
    AlignedBuffer bytes(static_cast<size_t>(it.where.pages) * kPageBytes);
    if (!bytes.valid()) co_return Status::OutOfMemory("bit mask");
    const Status status = co_await io_.Read(it.where.offset_bytes(), bytes.span());
    if (!status.ok()) co_return status;
    Result<Bitmap> mask = DecodeMask(it.type, it.bits, bytes.span());
    if (!mask.ok()) co_return mask.status();
    *it.into = std::move(mask).value();
  }
  co_return masks;
}

// Reads the pages in `only`, or all, in large pieces.
Task<Status> Blobstore::Impl::ScanPages(const Bitmap* only, ScannedPages* pages) {
  const uint64_t page_count = super_.metadata.pages;
  AlignedBuffer buffer(std::min(page_count, kPagesPerWindow) * kPageBytes);
  if (!buffer.valid()) co_return Status::OutOfMemory("metadata pages");
  for (uint64_t begin = 0; begin < page_count; begin += kPagesPerWindow) {
    const uint64_t end = std::min(begin + kPagesPerWindow, page_count);
    if (only != nullptr && only->FindSet(begin) >= end) continue;
    const std::span<uint8_t> window = buffer.span().first((end - begin) * kPageBytes);
    const Status status = co_await ScanWindow(begin, end, window, only, pages);
    if (!status.ok()) co_return status;
  }
  co_return Status::Ok();
}

Task<Status> Blobstore::Impl::ScanWindow(uint64_t begin, uint64_t end, std::span<uint8_t> buffer,
                                         const Bitmap* only, ScannedPages* pages) {
  const Status whole = co_await io_.Read(MetadataOffset(static_cast<uint32_t>(begin)), buffer);
  for (uint64_t i = begin; i < end; ++i) {
    if (only != nullptr && !only->Test(i)) continue;
    const uint32_t index = static_cast<uint32_t>(i);
    const std::span<uint8_t> page = buffer.subspan((i - begin) * kPageBytes, kPageBytes);
    if (!whole.ok()) {
      // One page by one: an unreadable sector costs one blob, not all in its neighbourhood.
      const Status single = co_await io_.Read(MetadataOffset(index), page);
      if (!single.ok()) {
        pages->AddUnreadable(index, single.ToString());
        continue;
      }
    }
    ScanPage(index, page, pages);
  }
  co_return Status::Ok();
}

void Blobstore::Impl::ScanPage(uint32_t index, std::span<uint8_t> bytes, ScannedPages* pages) {
  const std::span<const uint8_t, kPageBytes> page = bytes.first<kPageBytes>();
  pages->Add(index, page);
  const uint64_t device_page = uint64_t{super_.metadata.start} + index;
  if (!pages->bad.contains(index) || !shadow_slot_ || shadow_slot_->target_page != device_page ||
      !shadow_slot_->Explains(page)) {
    return;
  }
  pages->bad.erase(index);
  pages->Add(index, shadow_slot_->image);
  if (std::find(repaired_pages_.begin(), repaired_pages_.end(), device_page) ==
      repaired_pages_.end()) {
    repaired_pages_.push_back(device_page);
    ++report_.roots_repaired;
  }
}

void Blobstore::Impl::Adopt(LoadedMetadata loaded) {
  for (auto& [root, metadata] : loaded.blobs) {
    Blob& blob = blobs_[root];
    blob.xattrs = metadata.xattrs;
    blob.access = AccessOf(metadata, &blob.access_reason);
    blob.needs_sync = metadata.extent_pages_stale;
    blob.durable = std::move(metadata);
  }
  used_pages_ = std::move(loaded.used_pages);
  used_clusters_ = std::move(loaded.used_clusters);
  report_.damaged = std::move(loaded.damaged);
  report_.withheld_clusters = loaded.withheld_clusters;
  report_.allocation_refused = loaded.allocation_refused;
  CountFree();
}

// The shadow still holds the page, so a crash in here is repaired like the one before.
Task<Status> Blobstore::Impl::WriteRepairs() {
  AlignedBuffer page(kPageBytes);
  if (!page.valid()) co_return Status::OutOfMemory("page to be repaired");
  for (const uint64_t target : repaired_pages_) {
    std::copy(shadow_slot_->image.begin(), shadow_slot_->image.end(), page.data());
    if (target == 0) EncodeSuperBlock(super_, AsPage(page.span()));
    const Status status = co_await io_.Write(target * kPageBytes, page.span());
    if (!status.ok()) co_return status;
  }
  co_return co_await io_.Flush();
}

}  // namespace ashlar
