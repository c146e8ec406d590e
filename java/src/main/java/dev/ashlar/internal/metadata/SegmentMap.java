package dev.ashlar.internal.metadata;

import java.util.Arrays;

/**
 * Where the pages of one segment are; used again and again as a target of reads. For one thread at
 * a time.
 */
public final class SegmentMap {

  /** Pages of a segment. */
  public static final int PAGES = 256;

  /** Location of a page that was never written: it reads as zeros. */
  public static final long HOLE = -1L;

  /** Location of every page (blob root index in the upper half, page in the lower), or a hole. */
  public final long[] locations = new long[PAGES];

  /** CRC32C of every page; without meaning for holes. */
  public final int[] crcs = new int[PAGES];

  int storedBytes;
  byte[] key = new byte[64];
  byte[] value = new byte[2048];

  /** All holes. */
  public SegmentMap() {
    clear();
  }

  /** Makes all pages holes. */
  public void clear() {
    Arrays.fill(locations, HOLE);
    storedBytes = 0;
  }

  /**
   * Length of the stored value this was read from: it grows with every merge.
   *
   * @return bytes; 0 when it was not read from the store
   */
  public int storedBytes() {
    return storedBytes;
  }

  /**
   * Number of leading pages up to the last one that is not a hole.
   *
   * @return 0 to {@value #PAGES}
   */
  public int pages() {
    int end = PAGES;
    while (end > 0 && locations[end - 1] == HOLE) {
      end--;
    }
    return end;
  }
}
