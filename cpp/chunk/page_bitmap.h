// Which pages of a private blob are in use: a bit per page, searched a word of 64 pages at a time.
//
// Thread: belongs to the reactor that owns the blob (before the store starts and after it is quiet,
// to the thread that recovers or saves it).
//
// Always holds: used() is the number of set bits; bits past the last page are set in the words but
// neither counted nor shown by Words(). Searches go upwards from hints, so that low pages that were
// freed are found first and a nearly full bitmap costs no more than a nearly empty one:
//
//   - no page below lowest_free_ is free;
//   - no run of hinted_run_ or more pages, a whole one, starts below run_hint_;
//   - no free run is longer than longest_run_bound_, as far as runs up to kMaxRun matter.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ashlar {

struct PageRun {
  uint32_t first = 0;
  uint32_t count = 0;
  bool operator==(const PageRun&) const = default;
};

class PageBitmap {
 public:
  // Longest run that is ever asked for: the pages of a segment.
  static constexpr uint32_t kMaxRun = 256;

  explicit PageBitmap(uint32_t pages);

  uint32_t pages() const { return pages_; }
  uint32_t used() const { return used_; }
  uint32_t free_pages() const { return pages_ - used_; }
  bool IsUsed(uint32_t page) const { return (words_[page / 64] >> (page % 64) & 1) != 0; }

  // One past the last used page; 0: none is used.
  uint32_t EndOfUsed() const;

  // Takes the lowest run of `wanted` free pages (1 to kMaxRun) or, where there is none, the lowest
  // of the longest runs. An empty run when nothing is free.
  PageRun Allocate(uint32_t wanted);

  // The run that Allocate would take, left free.
  PageRun FindFree(uint32_t wanted);

  // Whether a run of `wanted` pages may exist: false is certain, and so is the answer after an
  // Allocate that gave less. Costs nothing.
  bool MayHaveRun(uint32_t wanted) const { return longest_run_bound_ >= wanted; }

  // Sets, or clears, all of the run; false, and nothing has changed, when a page of it is set
  // already (clear already) or lies past the end.
  bool MarkUsed(PageRun run);
  bool Free(PageRun run);

  // The used bits, 64 pages a word, lowest page in the lowest bit; past the end zeros.
  std::vector<uint64_t> Words() const;

  // Replaces all bits. False, and nothing has changed, when the number of words is wrong or a bit
  // past the end is set.
  bool Load(std::span<const uint64_t> words);

 private:
  struct Search;

  bool AllSet(PageRun run) const;
  bool AllClear(PageRun run) const;
  void Set(PageRun run);
  void Clear(PageRun run);
  void Take(PageRun run);
  PageRun FindRun(uint32_t wanted);
  uint64_t TailMask() const;
  uint32_t NextWordWithFree(uint32_t word) const;
  uint32_t NextUsed(uint32_t page, uint32_t limit) const;
  uint32_t FreeRunStart(uint32_t page, uint32_t limit) const;
  void ResetHints();
  void UpdateSummary(uint32_t first_word, uint32_t last_word);

  uint32_t pages_;
  uint32_t used_ = 0;
  std::vector<uint64_t> words_;
  std::vector<uint64_t> full_words_;  // bit w: words_[w] has no free page
  uint32_t lowest_free_ = 0;
  uint32_t run_hint_ = 0;
  uint32_t hinted_run_ = kMaxRun;
  uint32_t longest_run_bound_ = kMaxRun;
};

}  // namespace ashlar
