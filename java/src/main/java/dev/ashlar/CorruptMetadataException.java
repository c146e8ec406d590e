package dev.ashlar;

import org.jspecify.annotations.Nullable;

/**
 * Metadata is damaged: a checksum, a length or a number in it is wrong. What could not be read is
 * named; nothing is guessed.
 */
public class CorruptMetadataException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public CorruptMetadataException(final String message) {
    super(message);
  }

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   * @param cause what it follows from
   */
  public CorruptMetadataException(final String message, final @Nullable Throwable cause) {
    super(message, cause);
  }
}
