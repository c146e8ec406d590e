package dev.ashlar.internal.engine;

import dev.ashlar.AshlarException;
import dev.ashlar.ChecksumException;
import dev.ashlar.ChunkKey;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.ReadOnlyStoreException;
import dev.ashlar.StorageIoException;
import dev.ashlar.internal.NativeErrors;
import dev.ashlar.internal.OpSlots;
import dev.ashlar.internal.ResultCode;

/** Makes exceptions of the engine; every operation gets an instance of its own. */
final class Errors {
  private static final int ENOSPC = 28;

  private Errors() {}

  /**
   * The error of an operation on pages of a chunk, from its slot.
   *
   * @param what was done, such as "read"
   * @param firstPage of the operation
   */
  static RuntimeException ofSlot(
      final OpSlots slots,
      final int slot,
      final String what,
      final ChunkKey key,
      final long firstPage) {
    final int code = -slots.status(slot);
    final long page = firstPage + slots.failedPage(slot);
    final long location = slots.failedLocation(slot);
    if (code == ResultCode.CHECKSUM_MISMATCH.number()) {
      return new ChecksumException(
          key,
          page,
          location >>> Integer.SIZE,
          slots.failedOffset(slot),
          slots.expectedCrc(slot),
          slots.actualCrc(slot));
    }
    if (code == ResultCode.OUT_OF_SPACE.number()) {
      return new OutOfSpaceException(
          "the device is full: cannot " + what + " chunk " + key + "; remove chunks to make room");
    }
    return NativeErrors.toException(
        code,
        slots.errno(slot),
        "cannot "
            + what
            + " chunk "
            + key
            + " (page "
            + page
            + ", blob "
            + (location >>> Integer.SIZE)
            + ", offset "
            + slots.failedOffset(slot)
            + " on the device)");
  }

  /** The error of a change that would make the metadata larger. */
  static OutOfSpaceException metadataSpaceLow() {
    return new OutOfSpaceException(
        "the device is full: what is left of it is kept for the metadata of removals; remove chunks"
            + " to make room");
  }

  /** The error of a flush. */
  static RuntimeException ofFlush(final int status, final int errno) {
    return NativeErrors.toException(-status, errno, "cannot flush the device");
  }

  /** The error with which changes are refused after a first one. */
  static RuntimeException again(final RuntimeException first) {
    if (first instanceof OutOfSpaceException) {
      return new OutOfSpaceException(
          "changes are refused until there is space for their metadata: " + first.getMessage(),
          first);
    }
    final String message =
        "changes are refused since an earlier error: "
            + first.getMessage()
            + "; close the store and open it again";
    if (first instanceof CorruptMetadataException) {
      return new CorruptMetadataException(first.getMessage(), first);
    }
    if (first instanceof ReadOnlyStoreException) {
      return new ReadOnlyStoreException(first.getMessage());
    }
    final int errno = first instanceof StorageIoException io ? io.errno() : 0;
    return new StorageIoException(message, errno, first);
  }

  /** What an error becomes that changes are refused with from then on, for good. */
  static RuntimeException forGood(final Throwable error) {
    final RuntimeException known = unexpected(error);
    // Where a flush or a file finds no space, bytes may be lost that were taken before.
    return known instanceof OutOfSpaceException
        ? new StorageIoException(known.getMessage(), ENOSPC, known)
        : known;
  }

  /** What a failure of our own code becomes: the state behind it is not known. */
  static RuntimeException unexpected(final Throwable error) {
    if (error instanceof AshlarException known) {
      return known;
    }
    return new StorageIoException("an unexpected error of the store: " + error, 0, error);
  }
}
