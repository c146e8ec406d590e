package dev.ashlar;

import org.jspecify.annotations.Nullable;

/** There is not enough memory outside the Java heap. */
public class NativeMemoryException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public NativeMemoryException(final String message) {
    super(message);
  }

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   * @param cause what it follows from
   */
  public NativeMemoryException(final String message, final @Nullable Throwable cause) {
    super(message, cause);
  }
}
