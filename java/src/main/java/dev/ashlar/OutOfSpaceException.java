package dev.ashlar;

import org.jspecify.annotations.Nullable;

/**
 * The device, or the file system that holds the store's metadata, is full. Nothing has changed;
 * chunks can still be read and removed, and what a removal frees can be used again after its
 * commit.
 */
public class OutOfSpaceException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public OutOfSpaceException(final String message) {
    super(message);
  }

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   * @param cause what it follows from
   */
  public OutOfSpaceException(final String message, final @Nullable Throwable cause) {
    super(message, cause);
  }
}
