package dev.ashlar;

import org.jspecify.annotations.Nullable;

/**
 * What a store throws when an operation fails; there is one class for each cause. All are
 * unchecked. An asynchronous operation completes its future with the same exceptions.
 *
 * <p>Two kinds of mistakes of the caller are not among them: a bad argument is an {@link
 * IllegalArgumentException}, a {@link NullPointerException} or an {@link IndexOutOfBoundsException}
 * that names the argument and its value, and use after close is a {@link StoreClosedException},
 * which is an {@link IllegalStateException}.
 */
public abstract class AshlarException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * With a message only.
   *
   * @param message what happened and what to do
   */
  AshlarException(final String message) {
    super(message);
  }

  /**
   * With a cause.
   *
   * @param message what happened and what to do
   * @param cause what it follows from
   */
  AshlarException(final String message, final @Nullable Throwable cause) {
    super(message, cause);
  }
}
