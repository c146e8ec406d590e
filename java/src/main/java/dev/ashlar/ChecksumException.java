package dev.ashlar;

import org.jspecify.annotations.Nullable;

/**
 * The bytes of a page on the device are not those that were written. None of them has been
 * returned; other pages of the chunk can still be read.
 */
public class ChecksumException extends AshlarException {

  private static final long serialVersionUID = 1L;

  private final transient @Nullable ChunkKey key;

  /** Index of the page in the chunk. */
  private final long page;

  /** Index of the root page of the blob. */
  private final long blob;

  /** Where the page lies on the device. */
  private final long deviceOffsetBytes;

  /** CRC32C in the metadata. */
  private final int expected;

  /** CRC32C of the bytes on the device. */
  private final int actual;

  /**
   * For the library's own use.
   *
   * @param key of the chunk
   * @param page index of the page in the chunk
   * @param blob that holds the page: the index of its root page
   * @param deviceOffsetBytes where the page lies on the device
   * @param expected CRC32C in the metadata
   * @param actual CRC32C of the bytes on the device
   */
  public ChecksumException(
      final ChunkKey key,
      final long page,
      final long blob,
      final long deviceOffsetBytes,
      final int expected,
      final int actual) {
    super(
        String.format(
            "checksum mismatch in page %d of chunk %s (blob %d, offset %d on the device):"
                + " CRC32C is %08x, must be %08x",
            page, key, blob, deviceOffsetBytes, actual, expected));
    this.key = key;
    this.page = page;
    this.blob = blob;
    this.deviceOffsetBytes = deviceOffsetBytes;
    this.expected = expected;
    this.actual = actual;
  }

  /**
   * For the library's own use, where only a sentence is known.
   *
   * @param message what happened
   */
  public ChecksumException(final String message) {
    super(message);
    this.key = null;
    this.page = -1;
    this.blob = -1;
    this.deviceOffsetBytes = -1;
    this.expected = 0;
    this.actual = 0;
  }

  /**
   * Which chunk is damaged.
   *
   * @return the key; null if it is not known
   */
  public @Nullable ChunkKey key() {
    return key;
  }

  /**
   * Which page of the chunk is damaged.
   *
   * @return index of the page; -1 if it is not known
   */
  public long page() {
    return page;
  }

  /**
   * Which blob holds the page.
   *
   * @return index of its root page; -1 if it is not known
   */
  public long blob() {
    return blob;
  }

  /**
   * Where the page lies on the device.
   *
   * @return offset in bytes; -1 if it is not known
   */
  public long deviceOffsetBytes() {
    return deviceOffsetBytes;
  }

  /**
   * Checksum in the metadata.
   *
   * @return CRC32C
   */
  public int expected() {
    return expected;
  }

  /**
   * Checksum of the bytes on the device.
   *
   * @return CRC32C
   */
  public int actual() {
    return actual;
  }
}
