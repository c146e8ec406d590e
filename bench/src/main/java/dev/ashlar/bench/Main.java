package dev.ashlar.bench;

/** Entry point of the benchmark jar. */
public final class Main {

  private Main() {}

  /**
   * Runs the benchmarks; there is none yet.
   *
   * @param args options of the run
   */
  public static void main(final String[] args) {
    System.err.println("Usage: scripts/bench [--quick] [--json FILE]");
    System.exit(1);
  }
}
