// A set of small integers, one bit each, searched a word at a time. Keeps track of used metadata
// pages and clusters.
#pragma once

#include <cstdint>
#include <vector>

namespace ashlar {

class Bitmap {
 public:
  static constexpr uint64_t kNone = ~uint64_t{0};

  Bitmap() = default;
  explicit Bitmap(uint64_t size) : words_((size + 63) / 64), size_(size) {}

  uint64_t size() const { return size_; }
  uint64_t set_count() const { return set_count_; }
  uint64_t clear_count() const { return size_ - set_count_; }

  // `index` is below size().
  bool Test(uint64_t index) const { return (words_[index / 64] >> (index % 64) & 1) != 0; }
  // Whether the bit changed.
  bool Set(uint64_t index);
  bool Clear(uint64_t index);
  void SetRange(uint64_t begin, uint64_t end);

  // The lowest index >= from whose bit is clear (set), or kNone.
  uint64_t FindClear(uint64_t from) const { return Find(from, ~uint64_t{0}); }
  uint64_t FindSet(uint64_t from) const { return Find(from, 0); }

  // 64 bits from index 64 * word on; bits at and past size() are ignored when storing, 0 on load.
  uint64_t word_count() const { return words_.size(); }
  uint64_t word(uint64_t word) const { return words_[word]; }
  void set_word(uint64_t word, uint64_t bits);

  bool operator==(const Bitmap&) const = default;

 private:
  // The first bit that is set after `inverted` has been xored on.
  uint64_t Find(uint64_t from, uint64_t inverted) const;

  std::vector<uint64_t> words_;
  uint64_t size_ = 0;
  uint64_t set_count_ = 0;
};

}  // namespace ashlar
