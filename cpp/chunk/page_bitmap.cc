#include "cpp/chunk/page_bitmap.h"

#include <algorithm>
#include <bit>

#include "cpp/base/check.h"

namespace ashlar {

namespace {

constexpr uint32_t kWordBits = 64;
constexpr uint64_t kFull = ~uint64_t{0};

// Bits first to last (inclusive) of a word.
constexpr uint64_t BitsBetween(uint32_t first, uint32_t last) {
  return (kFull << first) & (kFull >> (kWordBits - 1 - last));
}

// Calls visit(word index, mask) for each word of the run.
template <typename Visit>
void ForEachWord(PageRun run, Visit visit) {
  const uint32_t last_page = run.first + run.count - 1;
  for (uint32_t w = run.first / kWordBits; w <= last_page / kWordBits; ++w) {
    const uint32_t low = w == run.first / kWordBits ? run.first % kWordBits : 0;
    const uint32_t high = w == last_page / kWordBits ? last_page % kWordBits : kWordBits - 1;
    visit(w, BitsBetween(low, high));
  }
}

}  // namespace

PageBitmap::PageBitmap(uint32_t pages)
    : pages_(pages),
      words_((pages + kWordBits - 1) / kWordBits),
      full_words_((words_.size() + kWordBits - 1) / kWordBits) {
  ASHLAR_CHECK(pages > 0);
  words_.back() = ~TailMask();
  ResetHints();
}

// The bits of the last word that are pages.
uint64_t PageBitmap::TailMask() const { return BitsBetween(0, (pages_ - 1) % kWordBits); }

void PageBitmap::ResetHints() {
  std::fill(full_words_.begin(), full_words_.end(), 0);
  UpdateSummary(0, static_cast<uint32_t>(words_.size()) - 1);
  lowest_free_ = 0;
  run_hint_ = 0;
  hinted_run_ = kMaxRun;
  longest_run_bound_ = kMaxRun;
}

void PageBitmap::UpdateSummary(uint32_t first_word, uint32_t last_word) {
  for (uint32_t w = first_word; w <= last_word; ++w) {
    const uint64_t bit = uint64_t{1} << (w % kWordBits);
    uint64_t& summary = full_words_[w / kWordBits];
    summary = words_[w] == kFull ? summary | bit : summary & ~bit;
  }
}

bool PageBitmap::AllSet(PageRun run) const {
  bool all = true;
  ForEachWord(run, [&](uint32_t w, uint64_t mask) { all &= (words_[w] & mask) == mask; });
  return all;
}

bool PageBitmap::AllClear(PageRun run) const {
  bool all = true;
  ForEachWord(run, [&](uint32_t w, uint64_t mask) { all &= (words_[w] & mask) == 0; });
  return all;
}

void PageBitmap::Set(PageRun run) {
  ForEachWord(run, [&](uint32_t w, uint64_t mask) { words_[w] |= mask; });
  UpdateSummary(run.first / kWordBits, (run.first + run.count - 1) / kWordBits);
}

void PageBitmap::Clear(PageRun run) {
  ForEachWord(run, [&](uint32_t w, uint64_t mask) { words_[w] &= ~mask; });
  UpdateSummary(run.first / kWordBits, (run.first + run.count - 1) / kWordBits);
}

// The first word from `word` on that has a free page; words_.size() when there is none.
uint32_t PageBitmap::NextWordWithFree(uint32_t word) const {
  const auto words = static_cast<uint32_t>(words_.size());
  if (word >= words) return words;
  uint32_t group = word / kWordBits;
  uint64_t open = ~full_words_[group] & (kFull << (word % kWordBits));
  while (open == 0) {
    if (++group == full_words_.size()) return words;
    open = ~full_words_[group];
  }
  return std::min(words, group * kWordBits + static_cast<uint32_t>(std::countr_zero(open)));
}

// The first used page from `page` on, at most `limit`.
uint32_t PageBitmap::NextUsed(uint32_t page, uint32_t limit) const {
  while (page < limit) {
    const uint64_t used_bits = words_[page / kWordBits] >> (page % kWordBits);
    if (used_bits != 0) {
      return std::min(limit, page + static_cast<uint32_t>(std::countr_zero(used_bits)));
    }
    page = (page / kWordBits + 1) * kWordBits;
  }
  return limit;
}

// The first page of the free run that ends with `page`, which is free; not below `limit`.
uint32_t PageBitmap::FreeRunStart(uint32_t page, uint32_t limit) const {
  while (true) {
    const uint64_t used_bits = words_[page / kWordBits] << (kWordBits - 1 - page % kWordBits);
    const uint32_t word_start = page / kWordBits * kWordBits;
    if (used_bits != 0) {
      return std::max(limit, page + 1 - static_cast<uint32_t>(std::countl_zero(used_bits)));
    }
    if (word_start <= limit) return limit;
    page = word_start - 1;
  }
}

// The lowest run of `wanted` pages, or the lowest of the longest. Moves the hints to what it
// learnt.
PageRun PageBitmap::FindRun(uint32_t wanted) {
  uint32_t page = lowest_free_;
  if (wanted >= hinted_run_) page = std::max(page, run_hint_);
  const bool from_bottom = page == lowest_free_;
  bool lowest_seen = false;
  PageRun longest;
  while (true) {
    const uint32_t word = NextWordWithFree(page / kWordBits);
    if (word == words_.size()) break;
    page = std::max(page, word * kWordBits);
    const uint64_t free_bits = ~words_[word] & (kFull << (page % kWordBits));
    if (free_bits == 0) {
      page = (word + 1) * kWordBits;
      continue;
    }
    page = word * kWordBits + static_cast<uint32_t>(std::countr_zero(free_bits));
    if (from_bottom && !lowest_seen) {
      lowest_free_ = page;
      lowest_seen = true;
    }
    const uint32_t limit = wanted > pages_ - page ? pages_ : page + wanted;
    const uint32_t count = NextUsed(page, limit) - page;
    if (count > longest.count) longest = PageRun{page, count};
    if (count == wanted) {
      hinted_run_ = wanted;
      run_hint_ = page;
      return longest;
    }
    page += count;
  }
  // No such run exists. Where the hint skipped lower pages, the longest of all may lie there.
  if (!from_bottom) {
    longest_run_bound_ = wanted - 1;
    hinted_run_ = kMaxRun + 1;
    return FindRun(longest_run_bound_);
  }
  longest_run_bound_ = longest.count;
  return longest;
}

PageRun PageBitmap::FindFree(uint32_t wanted) {
  ASHLAR_CHECK(wanted >= 1 && wanted <= kMaxRun);
  if (used_ == pages_) return PageRun{};
  const PageRun run = FindRun(std::min(wanted, longest_run_bound_));
  ASHLAR_CHECK(run.count > 0);
  return run;
}

PageRun PageBitmap::Allocate(uint32_t wanted) {
  const PageRun run = FindFree(wanted);
  if (run.count > 0) Take(run);
  return run;
}

void PageBitmap::Take(PageRun run) {
  Set(run);
  used_ += run.count;
  if (run.first == lowest_free_) lowest_free_ = run.first + run.count;
  if (run.first == run_hint_) run_hint_ = run.first + run.count;
}

uint32_t PageBitmap::EndOfUsed() const {
  const std::vector<uint64_t> words = Words();
  for (auto w = static_cast<uint32_t>(words.size()); w > 0; --w) {
    if (words[w - 1] != 0)
      return w * kWordBits - static_cast<uint32_t>(std::countl_zero(words[w - 1]));
  }
  return 0;
}

bool PageBitmap::MarkUsed(PageRun run) {
  if (run.count == 0) return true;
  if (run.first >= pages_ || run.count > pages_ - run.first || !AllClear(run)) return false;
  Take(run);
  return true;
}

bool PageBitmap::Free(PageRun run) {
  if (run.count == 0) return true;
  if (run.first >= pages_ || run.count > pages_ - run.first || !AllSet(run)) return false;
  Clear(run);
  used_ -= run.count;
  // The run may join others: what they make together decides how far the hints are off. Only runs
  // up to kMaxRun matter, so the look around is short.
  const uint32_t last = run.first + run.count - 1;
  const uint32_t low = run.first > kMaxRun ? run.first - kMaxRun : 0;
  const uint32_t high = pages_ - last > kMaxRun ? last + kMaxRun : pages_;
  const uint32_t start = FreeRunStart(run.first, low);
  const uint32_t end = NextUsed(last, high);
  longest_run_bound_ = std::max(longest_run_bound_, std::min(kMaxRun, end - start));
  lowest_free_ = std::min(lowest_free_, run.first);
  run_hint_ = std::min(run_hint_, start);
  return true;
}

std::vector<uint64_t> PageBitmap::Words() const {
  std::vector<uint64_t> words = words_;
  words.back() &= TailMask();
  return words;
}

bool PageBitmap::Load(std::span<const uint64_t> words) {
  if (words.size() != words_.size() || (words.back() & ~TailMask()) != 0) return false;
  std::copy(words.begin(), words.end(), words_.begin());
  used_ = 0;
  for (const uint64_t word : words_) used_ += static_cast<uint32_t>(std::popcount(word));
  words_.back() |= ~TailMask();
  ResetHints();
  return true;
}

}  // namespace ashlar
