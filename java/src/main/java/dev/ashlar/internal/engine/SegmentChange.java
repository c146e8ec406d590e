package dev.ashlar.internal.engine;

import dev.ashlar.internal.Pages;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What has changed in the map of one segment since it was stored last. The committer's; used again
 * and again.
 */
final class SegmentChange {
  private static final int WORDS = Pages.SEGMENT_PAGES / Long.SIZE;

  final long[] locations = new long[Pages.SEGMENT_PAGES];
  final int[] crcs = new int[Pages.SEGMENT_PAGES];
  private final long[] changed = new long[WORDS];
  private final long[] unpublished = new long[WORDS];

  CachedSegment base; // set while in use

  /** The published map does not count: it is from before a removal or shrinking. */
  boolean replaces;

  /** The published map must be cleared at the next publication. */
  boolean clearBase;

  /** It is in the list of what the next publication shows. */
  boolean touched;

  @Nullable SegmentChange next;

  @SuppressWarnings("NullAway.Init")
  SegmentChange() {}

  void prepare(final CachedSegment of, final boolean replacing) {
    base = of;
    replaces = replacing;
    clearBase = replacing;
    touched = false;
    next = null;
    Arrays.fill(changed, 0);
    Arrays.fill(unpublished, 0);
  }

  @SuppressWarnings("NullAway")
  void forget() {
    base = null;
    next = null;
  }

  /** Number of leading pages up to the last one that is not a hole. */
  int pages() {
    int end = Pages.SEGMENT_PAGES;
    while (end > 0 && location(end - 1) == Pages.HOLE) {
      end--;
    }
    return end;
  }

  /** Location of a page as this change leaves it. */
  long location(final int page) {
    if (isChanged(page)) {
      return locations[page];
    }
    return replaces ? Pages.HOLE : base.location(page);
  }

  int crc(final int page) {
    return isChanged(page) ? crcs[page] : base.crc(page);
  }

  void set(final int page, final long location, final int crc) {
    locations[page] = location;
    crcs[page] = crc;
    changed[page >>> 6] |= 1L << page;
    unpublished[page >>> 6] |= 1L << page;
  }

  /** All pages become holes, those of the published map too. */
  void dropAll() {
    Arrays.fill(changed, 0);
    Arrays.fill(unpublished, 0);
    replaces = true;
    clearBase = true;
  }

  /** What is published is all that counts, and is stored as a whole. */
  void takeBase() {
    for (int page = 0; page < Pages.SEGMENT_PAGES; page++) {
      locations[page] = base.location(page);
      crcs[page] = base.crc(page);
    }
    Arrays.fill(changed, -1);
    Arrays.fill(unpublished, 0);
    replaces = true;
    clearBase = false;
    touched = false;
  }

  boolean isChanged(final int page) {
    return (changed[page >>> 6] & 1L << page) != 0;
  }

  /** The first changed page from a page on, or the end of the segment. */
  int nextChanged(final int from) {
    return next(changed, from, false);
  }

  /** The first page from a page on that has not changed, or the end of the segment. */
  int nextUnchanged(final int from) {
    return next(changed, from, true);
  }

  /** Shows the changes to readers; inside the sequence lock of the chunk. */
  void publish() {
    if (clearBase) {
      base.clear();
      clearBase = false;
    }
    for (int page = next(unpublished, 0, false);
        page < Pages.SEGMENT_PAGES;
        page = next(unpublished, page + 1, false)) {
      base.set(page, locations[page], crcs[page]);
    }
    Arrays.fill(unpublished, 0);
    touched = false;
  }

  /** Completes the arrays with what has not changed. */
  void completeFromBase() {
    for (int page = nextUnchanged(0); page < Pages.SEGMENT_PAGES; page = nextUnchanged(page + 1)) {
      locations[page] = replaces ? Pages.HOLE : base.location(page);
      crcs[page] = base.crc(page);
    }
  }

  private static int next(final long[] bits, final int from, final boolean inverted) {
    int word = from >>> 6;
    if (word >= WORDS) {
      return Pages.SEGMENT_PAGES;
    }
    long left = (inverted ? ~bits[word] : bits[word]) & -1L << from;
    while (left == 0) {
      if (++word == WORDS) {
        return Pages.SEGMENT_PAGES;
      }
      left = inverted ? ~bits[word] : bits[word];
    }
    return (word << 6) + Long.numberOfTrailingZeros(left);
  }
}
