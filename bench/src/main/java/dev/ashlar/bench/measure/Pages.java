package dev.ashlar.bench.measure;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Content of benchmark data: every page of 4 KiB says which one it is, so that a read is checked in
 * nanoseconds and a page can be recognised wherever it lies on a device.
 *
 * <pre>
 *   0     mark, the same in all pages
 *   8     number of the page
 *   16    pseudo-random words (nothing in between compresses or deduplicates)
 *   4088  the number, scrambled
 * </pre>
 *
 * <p>Buffers must be in native (little-endian) order, as {@link #buffer} gives them.
 */
public final class Pages {

  /** Bytes in a page. */
  public static final int BYTES = 4096;

  private static final long MARK = 0x656e6f7473687341L;
  private static final int TAIL = BYTES - Long.BYTES;

  private Pages() {}

  /**
   * A direct buffer in the right byte order, aligned to pages.
   *
   * @param bytes capacity
   * @return the buffer
   */
  public static ByteBuffer buffer(final int bytes) {
    return ByteBuffer.allocateDirect(bytes + BYTES)
        .alignedSlice(BYTES)
        .limit(bytes)
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Writes whole pages; the position does not matter and does not change.
   *
   * @param buffer in little-endian order, a whole number of pages
   * @param firstNumber number of its first page
   */
  public static void fill(final ByteBuffer buffer, final long firstNumber) {
    for (int at = 0; at < buffer.capacity(); at += BYTES) {
      final long number = firstNumber + at / BYTES;
      for (int word = 2 * Long.BYTES; word < TAIL; word += Long.BYTES) {
        buffer.putLong(at + word, scramble(number * BYTES + word));
      }
      stamp(buffer, at, number);
    }
  }

  /**
   * Makes a filled page another one, without touching its middle.
   *
   * @param buffer that {@link #fill} has filled
   * @param at offset of the page in the buffer
   * @param number of the page
   */
  public static void stamp(final ByteBuffer buffer, final int at, final long number) {
    buffer.putLong(at, MARK);
    buffer.putLong(at + Long.BYTES, number);
    buffer.putLong(at + TAIL, scramble(~number));
  }

  /**
   * Makes a filled buffer of pages another one, without touching the middle of any page.
   *
   * @param buffer that {@link #fill} has filled
   * @param firstNumber number of its first page
   */
  public static void stampAll(final ByteBuffer buffer, final long firstNumber) {
    for (int at = 0; at < buffer.capacity(); at += BYTES) {
      stamp(buffer, at, firstNumber + at / BYTES);
    }
  }

  /**
   * Checks both ends of a page that was read.
   *
   * @param buffer with the page
   * @param at offset of the page in the buffer
   * @param number it must have
   * @throws IllegalStateException if it is another page
   */
  public static void check(final ByteBuffer buffer, final int at, final long number) {
    if (!isPage(buffer, at)
        || buffer.getLong(at + Long.BYTES) != number
        || buffer.getLong(at + TAIL) != scramble(~number)) {
      throw new IllegalStateException(
          "page "
              + number
              + " was expected, page "
              + buffer.getLong(at + Long.BYTES)
              + " read (mark "
              + Long.toHexString(buffer.getLong(at))
              + ")");
    }
  }

  /**
   * Whether these bytes are a page of ours, whichever.
   *
   * @param buffer to look at
   * @param at offset of the page
   * @return true if they carry the mark
   */
  public static boolean isPage(final ByteBuffer buffer, final int at) {
    return buffer.getLong(at) == MARK;
  }

  private static long scramble(final long word) {
    long x = word + 0x9e3779b97f4a7c15L;
    x = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }
}
