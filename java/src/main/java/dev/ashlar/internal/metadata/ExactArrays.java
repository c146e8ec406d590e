package dev.ashlar.internal.metadata;

/**
 * Arrays of every length up to a limit, used again and again: RocksDB's batches take whole arrays
 * only. For one thread at a time.
 */
final class ExactArrays {
  static final int MAX_KEPT = 2048;

  private final byte[][] arrays = new byte[MAX_KEPT + 1][];

  /** A copy that is valid until the next call. */
  byte[] copy(final byte[] from, final int start, final int end) {
    final int length = end - start;
    byte[] array = length <= MAX_KEPT ? arrays[length] : null;
    if (array == null) {
      array = new byte[length];
      if (length <= MAX_KEPT) {
        arrays[length] = array;
      }
    }
    System.arraycopy(from, start, array, 0, length);
    return array;
  }
}
