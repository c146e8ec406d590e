package dev.ashlar;

import org.jspecify.annotations.Nullable;

/** There is no such file or block device, and it was not asked to be created. */
public class NoSuchDeviceException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public NoSuchDeviceException(final String message) {
    super(message);
  }

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   * @param cause what it follows from
   */
  public NoSuchDeviceException(final String message, final @Nullable Throwable cause) {
    super(message, cause);
  }
}
