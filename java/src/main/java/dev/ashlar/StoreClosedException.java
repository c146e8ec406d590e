package dev.ashlar;

/**
 * The store, or an object that belongs to it, has been closed. Not an {@link AshlarException},
 * since this is a mistake of the caller.
 */
public class StoreClosedException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public StoreClosedException(final String message) {
    super(message);
  }
}
