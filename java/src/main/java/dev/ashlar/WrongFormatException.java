package dev.ashlar;

import org.jspecify.annotations.Nullable;

/**
 * The device holds something else than a store of this version: nothing at all, another format, or
 * a store of another version. Not a byte of it has been written.
 */
public class WrongFormatException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public WrongFormatException(final String message) {
    super(message);
  }

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   * @param cause what it follows from
   */
  public WrongFormatException(final String message, final @Nullable Throwable cause) {
    super(message, cause);
  }
}
