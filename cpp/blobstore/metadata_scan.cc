#include "cpp/blobstore/metadata_scan.h"

#include <utility>

#include "cpp/base/zeros.h"
#include "cpp/blobstore/format.h"

namespace ashlar {

namespace {

// Whether a torn write of a chain or extent page can explain the bad page. Its first sector is then
// whole: either that of such a page or empty.
bool MayBeTornChainOrExtentPage(uint32_t index, std::span<const uint8_t, kPageBytes> bytes,
                                const MetadataPage& guess) {
  if (AllZeros(bytes.first(format::kSectorBytes))) return true;
  const bool of_another_root =
      guess.blob == BlobId::FromRoot(guess.blob.root()) && guess.blob.root().value != index;
  const uint8_t first_type = bytes[offsetof(format::MetadataPageLayout, descriptors)];
  return of_another_root &&
         (guess.sequence > 0 ||
          first_type == static_cast<uint8_t>(format::DescriptorType::kExtentPage));
}

}  // namespace

void ScannedPages::Add(uint32_t index, std::span<const uint8_t, kPageBytes> bytes) {
  if (AllZeros(bytes)) return;
  Result<MetadataPage> page = DecodeMetadataPage(bytes);
  if (page.ok()) {
    good.insert_or_assign(index, std::move(page).value());
    return;
  }
  BadPage bad_page;
  bad_page.reason = page.status().ToString();
  bad_page.guess = GuessMetadataPage(bytes);
  bad_page.may_be_root = !MayBeTornChainOrExtentPage(index, bytes, bad_page.guess);
  bad.insert_or_assign(index, std::move(bad_page));
}

void ScannedPages::AddUnreadable(uint32_t index, std::string reason) {
  BadPage bad_page;
  bad_page.reason = std::move(reason);
  bad_page.may_be_root = true;
  bad.insert_or_assign(index, std::move(bad_page));
}

}  // namespace ashlar
