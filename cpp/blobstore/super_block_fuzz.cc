// Whatever decodes as a super block encodes to something that decodes to the same.
#include <cstdlib>
#include <cstring>

#include "cpp/base/crc32c.h"
#include "cpp/base/encoding.h"
#include "cpp/blobstore/super_block.h"

namespace {

using ashlar::kPageBytes;

void Check(std::span<const uint8_t, kPageBytes> page) {
  const auto super = ashlar::DecodeSuperBlock(page);
  if (!super.ok()) return;
  uint8_t again[kPageBytes];
  ashlar::EncodeSuperBlock(super.value(), again);
  const auto decoded = ashlar::DecodeSuperBlock(again);
  if (!decoded.ok() || !(decoded.value() == super.value())) std::abort();
  const uint64_t device_bytes = 1ull << 30;
  if (ashlar::CheckGeometry(super.value(), device_bytes).ok() &&
      super.value().metadata.end() * kPageBytes > device_bytes) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint8_t page[kPageBytes] = {};
  std::memcpy(page, data, size < kPageBytes ? size : kPageBytes);
  Check(page);
  // Behind the checks that random bytes do not pass.
  std::memcpy(page, ashlar::format::kSuperSignature, 8);
  ashlar::StoreLittle<uint32_t>(page + 8, ashlar::format::kVersion);
  ashlar::StoreLittle<uint32_t>(page + 12, kPageBytes);
  ashlar::StoreLittle<uint32_t>(page + ashlar::format::kCrcOffset,
                                ashlar::Crc32c(page, ashlar::format::kCrcOffset));
  Check(page);
  return 0;
}
