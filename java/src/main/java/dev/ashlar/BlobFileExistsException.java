package dev.ashlar;

/** There is a file of that name in the {@link BlobFs} already. */
public class BlobFileExistsException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message which file
   */
  public BlobFileExistsException(final String message) {
    super(message);
  }
}
