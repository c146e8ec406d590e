package dev.ashlar;

import org.jspecify.annotations.Nullable;

/**
 * Something is in the way of a new store: the file exists already, or the device holds data.
 * Nothing has been changed.
 */
public class StoreExistsException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public StoreExistsException(final String message) {
    super(message);
  }

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   * @param cause what it follows from
   */
  public StoreExistsException(final String message, final @Nullable Throwable cause) {
    super(message, cause);
  }
}
