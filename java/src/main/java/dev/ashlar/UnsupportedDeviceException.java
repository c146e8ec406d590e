package dev.ashlar;

import org.jspecify.annotations.Nullable;

/** The device, the kernel or the native library cannot do what was asked. */
public class UnsupportedDeviceException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public UnsupportedDeviceException(final String message) {
    super(message);
  }

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   * @param cause what it follows from
   */
  public UnsupportedDeviceException(final String message, final @Nullable Throwable cause) {
    super(message, cause);
  }
}
