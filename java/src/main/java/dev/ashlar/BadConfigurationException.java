package dev.ashlar;

import org.jspecify.annotations.Nullable;

/** Options contradict each other, the device, or what is open in this process already. */
public class BadConfigurationException extends AshlarException {

  private static final long serialVersionUID = 1L;

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   */
  public BadConfigurationException(final String message) {
    super(message);
  }

  /**
   * For the library's own use.
   *
   * @param message what happened and what to do
   * @param cause what it follows from
   */
  public BadConfigurationException(final String message, final @Nullable Throwable cause) {
    super(message, cause);
  }
}
