#include "cpp/blobstore/bit_mask.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "cpp/base/check.h"
#include "cpp/base/encoding.h"

namespace ashlar {

namespace {

constexpr size_t kHeaderBytes = sizeof(format::MaskHeaderLayout);

const char* Name(format::MaskType type) {
  switch (type) {
    case format::MaskType::kUsedPages:
      return "used-page mask";
    case format::MaskType::kUsedClusters:
      return "used-cluster mask";
    case format::MaskType::kUsedBlobIds:
      return "used-blobid mask";
  }
  return "mask";
}

}  // namespace

uint64_t MaskPages(uint64_t bits) {
  return DivideRoundUp(kHeaderBytes + DivideRoundUp(bits, 8), kPageBytes);
}

void EncodeMask(format::MaskType type, const Bitmap& bitmap, std::span<uint8_t> out) {
  ASHLAR_CHECK(out.size() >= MaskPages(bitmap.size()) * kPageBytes);
  std::memset(out.data(), 0, out.size());
  out[0] = static_cast<uint8_t>(type);
  StoreLittle<uint32_t>(&out[1], static_cast<uint32_t>(bitmap.size()));
  uint8_t* bits = out.data() + kHeaderBytes;
  uint64_t left_bytes = DivideRoundUp(bitmap.size(), 8);
  for (uint64_t i = 0; left_bytes > 0; ++i) {
    const uint64_t word = bitmap.word(i);
    const uint64_t step_bytes = std::min<uint64_t>(left_bytes, sizeof(word));
    std::memcpy(bits + i * sizeof(word), &word, step_bytes);
    left_bytes -= step_bytes;
  }
}

Result<Bitmap> DecodeMask(format::MaskType type, uint64_t bits, std::span<const uint8_t> in) {
  const std::string name = Name(type);
  if (in.size() < kHeaderBytes) {
    return Status::Corrupt(name + " is " + std::to_string(in.size()) + " bytes long");
  }
  if (in[0] != static_cast<uint8_t>(type)) {
    return Status::Corrupt(name + " has type " + std::to_string(in[0]) + " instead of " +
                           std::to_string(static_cast<int>(type)));
  }
  const uint32_t length_bits = LoadLittle<uint32_t>(&in[1]);
  const bool may_be_longer = type == format::MaskType::kUsedClusters;
  if (length_bits < bits || (length_bits > bits && !may_be_longer)) {
    return Status::Corrupt(name + " has " + std::to_string(length_bits) + " bits instead of " +
                           std::to_string(bits));
  }
  if (in.size() - kHeaderBytes < DivideRoundUp(length_bits, 8)) {
    return Status::Corrupt(name + " of " + std::to_string(length_bits) + " bits does not fit in " +
                           std::to_string(in.size()) + " bytes");
  }
  Bitmap bitmap(bits);
  const uint8_t* from = in.data() + kHeaderBytes;
  uint64_t left_bytes = DivideRoundUp(bits, 8);
  for (uint64_t i = 0; left_bytes > 0; ++i) {
    uint64_t word = 0;
    const uint64_t step_bytes = std::min<uint64_t>(left_bytes, sizeof(word));
    std::memcpy(&word, from + i * sizeof(word), step_bytes);
    bitmap.set_word(i, word);
    left_bytes -= step_bytes;
  }
  return bitmap;
}

}  // namespace ashlar
