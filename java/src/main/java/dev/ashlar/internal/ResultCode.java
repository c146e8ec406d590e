package dev.ashlar.internal;

import org.jspecify.annotations.Nullable;

/**
 * Result codes of the native core, as in {@code include/ashlar/status_codes.def}. Hot native calls
 * return the negative of a number.
 */
public enum ResultCode {
  /** Success. */
  OK(0, "Ok"),
  /** An argument is out of range. */
  INVALID_ARGUMENT(1, "InvalidArgument"),
  /** There is no such thing. */
  NOT_FOUND(2, "NotFound"),
  /** There is one already. */
  ALREADY_EXISTS(3, "AlreadyExists"),
  /** The device is full. */
  OUT_OF_SPACE(4, "OutOfSpace"),
  /** The bytes of a page are not those that were written. */
  CHECKSUM_MISMATCH(5, "ChecksumMismatch"),
  /** Metadata on the device is damaged. */
  CORRUPT(6, "Corrupt"),
  /** In use by another process or store. */
  BUSY(7, "Busy"),
  /** An I/O operation failed; there is an errno. */
  IO_ERROR(8, "IoError"),
  /** The handle is stale. */
  CLOSED(9, "Closed"),
  /** The device or the kernel cannot do this. */
  NOT_SUPPORTED(10, "NotSupported"),
  /** There is not enough memory. */
  OUT_OF_MEMORY(11, "OutOfMemory"),
  /** The device holds something else. */
  WRONG_FORMAT(12, "WrongFormat"),
  /** Opened read-only. */
  READ_ONLY(13, "ReadOnly");

  private static final ResultCode[] BY_NUMBER = values(); // numbers are 0, 1, ...; a test checks it

  private final int number;
  private final String nativeName;

  ResultCode(final int number, final String nativeName) {
    this.number = number;
    this.nativeName = nativeName;
  }

  /**
   * The number of this code.
   *
   * @return the number, not negative
   */
  public int number() {
    return number;
  }

  /**
   * The name in the native table.
   *
   * @return the name
   */
  public String nativeName() {
    return nativeName;
  }

  /**
   * The code of a number.
   *
   * @param number a code's number, or the negative of one as hot native calls return it
   * @return the code; null if there is none
   */
  public static @Nullable ResultCode of(final int number) {
    final int index = number < 0 ? -number : number;
    return index >= 0 && index < BY_NUMBER.length ? BY_NUMBER[index] : null;
  }
}
