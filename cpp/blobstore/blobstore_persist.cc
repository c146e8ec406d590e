// The order of writes and flushes. Each rule here has a test that fails without it
// (blobstore_crash_test.cc).
#include <algorithm>
#include <cstring>

#include "cpp/base/aligned_buffer.h"
#include "cpp/blobstore/bit_mask.h"
#include "cpp/blobstore/blobstore_impl.h"

namespace ashlar {

// Before anything else changes: from now on the masks on the device are not to be believed.
Task<Status> Blobstore::Impl::MarkDirty() {
  changed_ = true;
  if (shadow_slot_ && !report_.shadowed) {
    // Its page will now be changed without the shadow being kept; it must not be restored later.
    const uint64_t shadow_offset = uint64_t{super_.shadow_start} * kPageBytes;
    const Status zeroed = co_await io_.Zero(shadow_offset, kShadowBytes);
    if (!zeroed.ok()) co_return zeroed;
    const Status flushed = co_await io_.Flush();
    if (!flushed.ok()) co_return flushed;
  }
  shadow_slot_.reset();
  if (!super_is_clean_) co_return Status::Ok();
  const Status written = co_await WriteSuperBlock(false);
  if (written.ok()) super_is_clean_ = false;
  co_return written;
}

// Masks, flush, super block, flush.
Task<Status> Blobstore::Impl::MarkClean() {
  Status status = co_await WriteMasks();
  if (!status.ok()) co_return status;
  status = co_await io_.Flush();
  if (!status.ok()) co_return status;
  status = co_await WriteSuperBlock(true);
  if (status.ok()) super_is_clean_ = true;
  co_return status;
}

Task<Status> Blobstore::Impl::WriteMasks() {
  Bitmap used_blobids(super_.metadata.pages);
  for (const auto& [root, blob] : blobs_) used_blobids.Set(root);
  // Damaged blobs are damaged for the next open too; what is withheld for them is marked used.
  for (const DamagedBlob& damaged : report_.damaged) used_blobids.Set(damaged.root.value);
  Status status =
      co_await WriteMask(format::MaskType::kUsedPages, used_pages_, super_.used_page_mask);
  if (!status.ok()) co_return status;
  status =
      co_await WriteMask(format::MaskType::kUsedClusters, used_clusters_, super_.used_cluster_mask);
  if (!status.ok()) co_return status;
  co_return co_await WriteMask(format::MaskType::kUsedBlobIds, used_blobids,
                               super_.used_blobid_mask);
}

Task<Status> Blobstore::Impl::WriteMask(format::MaskType type, const Bitmap& bitmap,
                                        PageRange where) {
  AlignedBuffer bytes(static_cast<size_t>(where.pages) * kPageBytes);
  if (!bytes.valid()) co_return Status::OutOfMemory("bit mask");
  EncodeMask(type, bitmap, bytes.span());
  co_return co_await io_.Write(where.offset_bytes(), bytes.span());
}

// New pages, flush, root page in place, flush. What the old root refers to is untouched till then.
// `flush_first`: also where there are no new pages.
Task<Status> Blobstore::Impl::WriteUpdate(const UpdatePlan& plan, bool flush_first) {
  const Status written = co_await WriteNewPages(plan.new_pages);
  if (!written.ok()) co_return written;
  AlignedBuffer root(kPageBytes);
  if (!root.valid()) co_return Status::OutOfMemory("root page");
  EncodeMetadataPage(plan.root, root.span().first<kPageBytes>());
  const uint64_t page = uint64_t{super_.metadata.start} + plan.next.id.root().value;
  const std::span<uint8_t> image = root.span();
  co_return co_await ReplacePage(page, image, flush_first || !plan.new_pages.empty());
}

// Neighbours in one write.
Task<Status> Blobstore::Impl::WriteNewPages(std::span<const PlannedPage> pages) {
  while (!pages.empty()) {
    size_t run = 1;
    while (run < pages.size() && run < PageIo::kMaxTransferBytes / kPageBytes &&
           pages[run].index == pages[run - 1].index + 1) {
      ++run;
    }
    AlignedBuffer bytes(run * kPageBytes);
    if (!bytes.valid()) co_return Status::OutOfMemory("metadata pages");
    for (size_t i = 0; i < run; ++i) {
      EncodeMetadataPage(pages[i].content,
                         bytes.span().subspan(i * kPageBytes).first<kPageBytes>());
    }
    const Status written = co_await io_.Write(MetadataOffset(pages[0].index), bytes.span());
    if (!written.ok()) co_return written;
    pages = pages.subspan(run);
  }
  co_return Status::Ok();
}

// Root page zeroed, flush: the blob is gone. Then the pages that only it referred to.
Task<Status> Blobstore::Impl::WriteRemoval(const BlobMetadata& blob) {
  AlignedBuffer zeros(kPageBytes);
  if (!zeros.valid()) co_return Status::OutOfMemory("page of zeros");
  const std::span<uint8_t> image = zeros.span();
  Status status =
      co_await ReplacePage(uint64_t{super_.metadata.start} + blob.id.root().value, image, false);
  if (!status.ok()) co_return status;
  for (const std::vector<uint32_t>* list : {&blob.chain_pages, &blob.extent_pages}) {
    for (const uint32_t index : *list) {
      if (index == 0) continue;
      status = co_await io_.Write(MetadataOffset(index), image);
      if (!status.ok()) co_return status;
    }
  }
  co_return Status::Ok();
}

Task<Status> Blobstore::Impl::WriteSuperBlock(bool clean) {
  AlignedBuffer page(kPageBytes);
  if (!page.valid()) co_return Status::OutOfMemory("super block");
  super_.clean = clean ? format::kCleanlyClosed : 0;
  EncodeSuperBlock(super_, page.span().first<kPageBytes>());
  const std::span<uint8_t> image = page.span();
  co_return co_await ReplacePage(0, image, false);
}

// Overwrites a root page or the super block in place; durable when done. `flush_first`: what was
// written before must be durable before this.
Task<Status> Blobstore::Impl::ReplacePage(uint64_t page, std::span<uint8_t> image,
                                          bool flush_first) {
  Status status;
  if (report_.shadowed) {
    // The device may tear this write: its content goes to the shadow area first.
    AlignedBuffer old_page(kPageBytes);
    AlignedBuffer slot(kShadowBytes);
    if (!old_page.valid() || !slot.valid()) co_return Status::OutOfMemory("shadow copy");
    if (page == replaced_page_) {
      std::ranges::copy(replaced_image_, old_page.data());
    } else {
      status = co_await io_.Read(page * kPageBytes, old_page.span());
      if (!status.ok()) co_return status;
    }
    EncodeShadow(page, old_page.span().first<kPageBytes>(), image.first<kPageBytes>(),
                 slot.span().first<kShadowBytes>());
    replaced_page_ = page;
    std::ranges::copy(image, replaced_image_.begin());
    status = co_await io_.Write(uint64_t{super_.shadow_start} * kPageBytes, slot.span());
    if (!status.ok()) co_return status;
    flush_first = true;
  }
  if (flush_first) {
    status = co_await io_.Flush();
    if (!status.ok()) co_return status;
  }
  status = co_await io_.Write(page * kPageBytes, image);
  if (!status.ok()) co_return status;
  co_return co_await io_.Flush();
}

}  // namespace ashlar
