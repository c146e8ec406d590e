package dev.ashlar;

import dev.ashlar.internal.Arguments;
import dev.ashlar.internal.NativeBlobFs;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;

/**
 * An open file of a {@link BlobFs}. It grows at its end and is read anywhere; what is written stays
 * as it is.
 *
 * <p>Appended bytes are buffered; {@link #sync} makes them durable. After a failed write every
 * later append and sync of the file fails, however often it is tried. A full device is no such
 * failure: the append that finds it has no effect.
 *
 * <p>May be used by many threads at once. Calls block while the device works, a virtual thread with
 * its carrier. After {@link #close}, or the close of the {@link BlobFs}, calls throw {@link
 * StoreClosedException}.
 */
public final class BlobFile implements AutoCloseable {

  private final String name;
  private final long handle;

  BlobFile(final String name, final long handle) {
    this.name = name;
    this.handle = handle;
  }

  /**
   * The name by which it was opened.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * The length, with what has been appended and is not durable yet.
   *
   * @return bytes
   */
  public long size() {
    return NativeBlobFs.fileSize(handle);
  }

  /**
   * Reads into what remains of a buffer, and moves its position.
   *
   * @param offset of the first byte in the file, not negative
   * @param into a direct or heap buffer
   * @return the number of bytes: fewer than remained only at the end of the file, 0 behind it
   * @throws IllegalArgumentException if the offset is negative
   * @throws ReadOnlyBufferException if the buffer is read-only
   * @throws CorruptMetadataException if the bytes of a log are damaged there
   */
  public int read(final long offset, final ByteBuffer into) {
    Arguments.notNegative("offset", offset);
    if (into.isReadOnly()) {
      throw new ReadOnlyBufferException();
    }
    return NativeBlobFs.readFile(handle, offset, into);
  }

  /**
   * Appends what remains of a buffer, and moves its position; all of it or, with an exception,
   * nothing.
   *
   * @param from a direct or heap buffer
   * @throws ReadOnlyStoreException if the file was opened for reading
   * @throws OutOfSpaceException if the device is full
   */
  public void append(final ByteBuffer from) {
    NativeBlobFs.appendToFile(handle, Arguments.notNull("from", from));
  }

  /** Makes durable what has been appended before. */
  public void sync() {
    NativeBlobFs.syncFile(handle);
  }

  /**
   * Cuts the file, or fills it up with zeros.
   *
   * @param sizeBytes the new length, not negative
   * @throws IllegalArgumentException if it is negative
   */
  public void truncate(final long sizeBytes) {
    NativeBlobFs.truncateFile(handle, Arguments.notNegative("sizeBytes", sizeBytes));
  }

  /** Makes durable what has been appended, and closes. A second call does nothing. */
  @Override
  public void close() {
    NativeBlobFs.closeFile(handle);
  }

  @Override
  public String toString() {
    return name;
  }
}
