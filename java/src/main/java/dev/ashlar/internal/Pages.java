package dev.ashlar.internal;

/** Units of the data path. */
public final class Pages {

  /** Bytes of a page: the unit of checksums and of copy-on-write. */
  public static final int PAGE_BYTES = 4096;

  /** Pages of a segment: the unit of the map from a chunk's pages to the device. */
  public static final int SEGMENT_PAGES = OpSlotLayout.SEGMENT_PAGES;

  /** Bytes of a segment. */
  public static final int SEGMENT_BYTES = SEGMENT_PAGES * PAGE_BYTES;

  /** Location of a page that was never written and reads as zeros. */
  public static final long HOLE = OpSlotLayout.HOLE;

  private static final int PAGE_SHIFT = 12;
  private static final int SEGMENT_SHIFT = 20;

  private Pages() {}

  /**
   * The page that holds a byte.
   *
   * @param offset of the byte
   * @return index of the page
   */
  public static long pageOf(final long offset) {
    return offset >>> PAGE_SHIFT;
  }

  /**
   * Pages that a number of bytes take.
   *
   * @param bytes not negative
   * @return the number rounded up to pages
   */
  public static long pagesOf(final long bytes) {
    return (bytes >>> PAGE_SHIFT) + ((bytes & (PAGE_BYTES - 1)) == 0 ? 0 : 1);
  }

  /**
   * Where a byte lies in its page.
   *
   * @param offset of the byte
   * @return 0 to 4095
   */
  public static int inPage(final long offset) {
    return (int) offset & (PAGE_BYTES - 1);
  }

  /**
   * The segment that holds a byte.
   *
   * @param offset of the byte
   * @return number of the segment
   */
  public static long segmentOf(final long offset) {
    return offset >>> SEGMENT_SHIFT;
  }

  /**
   * The page of its segment that holds a byte.
   *
   * @param offset of the byte
   * @return 0 to 255
   */
  public static int pageInSegment(final long offset) {
    return (int) pageOf(offset) & (SEGMENT_PAGES - 1);
  }

  /**
   * Where a byte lies in its segment.
   *
   * @param offset of the byte
   * @return 0 to 1 MiB - 1
   */
  public static int inSegment(final long offset) {
    return (int) offset & (SEGMENT_BYTES - 1);
  }
}
