package dev.ashlar.cli;

/** A failure that the command line itself has found. */
final class CliException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  CliException(final String message) {
    super(message);
  }
}
