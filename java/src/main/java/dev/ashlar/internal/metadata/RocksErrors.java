package dev.ashlar.internal.metadata;

import dev.ashlar.CorruptMetadataException;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.StorageIoException;
import dev.ashlar.StoreBusyException;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/** The one gate through which errors of RocksDB become exceptions. */
final class RocksErrors {

  private static final int EIO = 5;
  private static final int ENOSPC = 28;

  private RocksErrors() {}

  /**
   * Makes the exception of a failed call of RocksDB.
   *
   * @param what was tried, such as "reading chunk a#1"
   * @param error of RocksDB
   * @return the exception, for the caller to throw
   */
  static RuntimeException toException(final String what, final RocksDBException error) {
    final String text = String.valueOf(error.getMessage());
    final String message = what + " failed: " + text;
    final Status status = error.getStatus();
    if (isNoSpace(status, text)) {
      return new OutOfSpaceException(message, error);
    }
    if (isLock(text)) {
      return new StoreBusyException(
          message + "; another process, or another store in this one, has the metadata open",
          error);
    }
    if (status != null && status.getCode() == Status.Code.Corruption) {
      return new CorruptMetadataException(message, error);
    }
    return new StorageIoException(message, errno(text), error);
  }

  /**
   * Whether it failed for want of space and no more than what was being written can be lost. Not so
   * where the host's file system finds no space when it syncs a file: then the kernel has dropped
   * what was written before.
   */
  static boolean mayPass(final RocksDBException error) {
    final String text = String.valueOf(error.getMessage());
    return isNoSpace(error.getStatus(), text)
        && !text.contains("While fdatasync")
        && !text.contains("While fsync");
  }

  private static boolean isNoSpace(final Status status, final String text) {
    return (status != null && status.getSubCode() == Status.SubCode.NoSpace)
        || text.contains("No space left on device")
        || text.contains("Disk quota exceeded");
  }

  private static boolean isLock(final String text) {
    return text.contains("lock hold by current process")
        || text.contains("While lock file")
        || text.contains("lock file");
  }

  private static int errno(final String text) {
    if (text.contains("Input/output error")) {
      return EIO;
    }
    return text.contains("No space left on device") ? ENOSPC : 0;
  }
}
