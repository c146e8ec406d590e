package dev.ashlar.internal;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.BlobFileExistsException;
import dev.ashlar.ChecksumException;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.NativeMemoryException;
import dev.ashlar.NoSuchBlobFileException;
import dev.ashlar.NoSuchDeviceException;
import dev.ashlar.OutOfSpaceException;
import dev.ashlar.ReadOnlyStoreException;
import dev.ashlar.StorageIoException;
import dev.ashlar.StoreBusyException;
import dev.ashlar.StoreClosedException;
import dev.ashlar.StoreExistsException;
import dev.ashlar.UnsupportedDeviceException;
import dev.ashlar.WrongFormatException;

/**
 * The one gate through which results of the native core become exceptions. Called from Java for
 * numbers that hot calls return, and from native code for control calls.
 */
public final class NativeErrors {

  private NativeErrors() {}

  /**
   * Makes the exception of a failed native call.
   *
   * @param code number of a {@link ResultCode}, or its negative; a number outside the table, or
   *     that of success, is a defect of the library and gives an {@link IllegalStateException}
   * @param errno what the operating system said, 0 if nothing
   * @param context what happened, naming the value at fault and the remedy
   * @return the exception, for the caller to throw
   */
  public static RuntimeException toException(
      final int code, final int errno, final String context) {
    final ResultCode result = ResultCode.of(code);
    if (result == null) {
      return new IllegalStateException("unknown result " + code + " of native code: " + context);
    }
    return switch (result) {
      case OK -> new IllegalStateException("native code reported success as an error: " + context);
      // The caller's arguments have been checked: these are options that do not fit the device.
      case INVALID_ARGUMENT -> new BadConfigurationException(context);
      case NOT_FOUND -> new NoSuchDeviceException(context);
      case ALREADY_EXISTS -> new StoreExistsException(context);
      case OUT_OF_SPACE -> new OutOfSpaceException(context);
      case CHECKSUM_MISMATCH -> new ChecksumException(context);
      case CORRUPT -> new CorruptMetadataException(context);
      case BUSY -> new StoreBusyException(context);
      case IO_ERROR -> new StorageIoException(withErrno(context, errno), errno, null);
      case CLOSED -> new StoreClosedException(context);
      case NOT_SUPPORTED -> new UnsupportedDeviceException(context);
      case OUT_OF_MEMORY -> new NativeMemoryException(context);
      case WRONG_FORMAT -> new WrongFormatException(context);
      case READ_ONLY -> new ReadOnlyStoreException(context);
    };
  }

  /**
   * Makes the exception of a failed native call about a file of a BlobFS.
   *
   * @param code as in {@link #toException}
   * @param errno as in {@link #toException}
   * @param context as in {@link #toException}
   * @return the exception, for the caller to throw
   */
  public static RuntimeException toFileException(
      final int code, final int errno, final String context) {
    final ResultCode result = ResultCode.of(code);
    if (result == ResultCode.INVALID_ARGUMENT) {
      return new IllegalArgumentException(context);
    }
    if (result == ResultCode.NOT_FOUND) {
      return new NoSuchBlobFileException(context);
    }
    if (result == ResultCode.ALREADY_EXISTS) {
      return new BlobFileExistsException(context);
    }
    if (result == ResultCode.BUSY) {
      return new IllegalStateException(context);
    }
    return toException(code, errno, context);
  }

  private static String withErrno(final String context, final int errno) {
    return errno == 0 ? context : context + " (errno " + errno + ")";
  }
}
