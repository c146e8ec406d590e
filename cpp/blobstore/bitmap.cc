#include "cpp/blobstore/bitmap.h"

#include <bit>

namespace ashlar {

bool Bitmap::Set(uint64_t index) {
  uint64_t& word = words_[index / 64];
  const uint64_t bit = uint64_t{1} << (index % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  ++set_count_;
  return true;
}

bool Bitmap::Clear(uint64_t index) {
  uint64_t& word = words_[index / 64];
  const uint64_t bit = uint64_t{1} << (index % 64);
  if ((word & bit) == 0) return false;
  word &= ~bit;
  --set_count_;
  return true;
}

void Bitmap::SetRange(uint64_t begin, uint64_t end) {
  while (begin < end) {
    if (begin % 64 == 0 && end - begin >= 64) {
      set_word(begin / 64, ~uint64_t{0});
      begin += 64;
    } else {
      Set(begin++);
    }
  }
}

void Bitmap::set_word(uint64_t word, uint64_t bits) {
  const uint64_t valid_bits = size_ - word * 64;
  if (valid_bits < 64) bits &= (uint64_t{1} << valid_bits) - 1;
  set_count_ -= static_cast<uint64_t>(std::popcount(words_[word]));
  set_count_ += static_cast<uint64_t>(std::popcount(bits));
  words_[word] = bits;
}

uint64_t Bitmap::Find(uint64_t from, uint64_t inverted) const {
  if (from >= size_) return kNone;
  uint64_t word = from / 64;
  uint64_t bits = (words_[word] ^ inverted) & (~uint64_t{0} << (from % 64));
  while (bits == 0) {
    if (++word == words_.size()) return kNone;
    bits = words_[word] ^ inverted;
  }
  const uint64_t index = word * 64 + static_cast<uint64_t>(std::countr_zero(bits));
  return index < size_ ? index : kNone;
}

}  // namespace ashlar
