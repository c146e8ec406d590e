package dev.ashlar;

import org.jspecify.annotations.Nullable;

/**
 * An input or output operation on the device or on the store's metadata failed.
 *
 * <p>After a failed write or flush it is unknown what the device holds, so later writes of the
 * store fail as well; reads go on. Close the store and open it again once the device is in order.
 */
public class StorageIoException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /** What the operating system said. */
  private final int errno;

  /**
   * For the library's own use.
   *
   * @param message what happened
   * @param errno what the operating system said, 0 if it said nothing
   * @param cause what it follows from
   */
  public StorageIoException(
      final String message, final int errno, final @Nullable Throwable cause) {
    super(message, cause);
    this.errno = errno;
  }

  /**
   * What the operating system said.
   *
   * @return the error number, such as 5 for EIO; 0 if it is not known
   */
  public int errno() {
    return errno;
  }
}
