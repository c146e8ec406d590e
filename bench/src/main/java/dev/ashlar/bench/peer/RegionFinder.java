package dev.ashlar.bench.peer;

import dev.ashlar.bench.peer.FioJob.Region;

/** Joins pieces that come in order into stretches and keeps the longest. */
final class RegionFinder {

  private final long gapBytes;
  private long start;
  private long end = -1;
  private Region longest = new Region(0, 0);

  /**
   * Makes a finder.
   *
   * @param gapBytes a gap as long as this ends a stretch
   */
  RegionFinder(final long gapBytes) {
    this.gapBytes = gapBytes;
  }

  void add(final long offset, final long bytes) {
    if (end < 0 || offset - end >= gapBytes) {
      start = offset;
    }
    end = offset + bytes;
    if (end - start > longest.sizeBytes()) {
      longest = new Region(start, end - start);
    }
  }

  Region longest() {
    return longest;
  }
}
