package dev.ashlar.cli;

/** Entry point of the {@code ashlar} command. */
public final class Main {

  private Main() {}

  /**
   * Runs one command; there is none yet.
   *
   * @param args the command and its arguments
   */
  public static void main(final String[] args) {
    System.err.println("Usage: ashlar COMMAND [ARGUMENT]...");
    System.exit(2);
  }
}
