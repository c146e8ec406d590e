// Whatever decodes as a metadata page encodes to something that decodes to the same; and pages of
// any content load without harm.
#include <cstdlib>
#include <cstring>

#include "cpp/base/crc32c.h"
#include "cpp/base/encoding.h"
#include "cpp/blobstore/metadata_load.h"
#include "cpp/blobstore/metadata_page.h"

namespace {

using ashlar::kPageBytes;

void CheckRoundTrip(std::span<const uint8_t, kPageBytes> bytes) {
  const auto page = ashlar::DecodeMetadataPage(bytes);
  if (!page.ok()) return;
  uint8_t again[kPageBytes];
  ashlar::EncodeMetadataPage(page.value(), again);
  const auto decoded = ashlar::DecodeMetadataPage(again);
  if (!decoded.ok() || !(decoded.value() == page.value())) std::abort();
}

ashlar::SuperBlock Super() {
  ashlar::SuperBlock super;
  super.cluster_bytes = 1u << 20;
  super.size_bytes = 256u << 20;
  super.metadata = {4, 16};
  return super;
}

}  // namespace

// The input is up to 16 pages; half of them get a good checksum, and an id that fits.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ashlar::ScannedPages pages;
  for (uint32_t index = 0; index < 16 && size > 0; ++index) {
    uint8_t page[kPageBytes] = {};
    const size_t step = size < kPageBytes ? size : kPageBytes;
    std::memcpy(page, data, step);
    data += step;
    size -= step;
    if ((page[kPageBytes - 1] & 1) == 0) {
      if ((page[kPageBytes - 1] & 2) == 0) ashlar::StoreLittle<uint64_t>(page, 1ull << 32 | index);
      ashlar::StoreLittle<uint32_t>(page + ashlar::format::kCrcOffset,
                                    ashlar::Crc32c(page, ashlar::format::kCrcOffset));
    }
    CheckRoundTrip(page);
    pages.Add(index, page);
  }
  const auto loaded = ashlar::LoadMetadata(Super(), pages, ashlar::LoadOptions{});
  if (!loaded.ok()) std::abort();
  return 0;
}
