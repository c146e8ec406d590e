package dev.ashlar;

/** A change was asked of a store that was opened read-only. */
public class ReadOnlyStoreException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public ReadOnlyStoreException(final String message) {
    super(message);
  }
}
