package dev.ashlar;

import org.jspecify.annotations.Nullable;

/**
 * The device or its metadata is in use: by another process, or by a store that is open in this one.
 */
public class StoreBusyException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public StoreBusyException(final String message) {
    super(message);
  }

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   * @param cause what it follows from
   */
  public StoreBusyException(final String message, final @Nullable Throwable cause) {
    super(message, cause);
  }
}
