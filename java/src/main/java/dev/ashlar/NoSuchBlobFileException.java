package dev.ashlar;

/** There is no file of that name in the {@link BlobFs}. */
public class NoSuchBlobFileException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message which file
   */
  public NoSuchBlobFileException(final String message) {
    super(message);
  }
}
