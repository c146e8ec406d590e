package dev.ashlar.cli.bench;

/**
 * How much a benchmark does.
 *
 * @param keys 1 to 2^40 of them are written, read and so on, all threads together
 * @param threads 1 to 1024
 * @param valueBytes 8 to 16 MiB
 * @param writePercent share of writes in {@link Workload#READRANDOMWRITERANDOM}, 0 to 100
 * @param seed of the random numbers
 */
public record BenchSettings(long keys, int threads, int valueBytes, int writePercent, long seed) {

  /**
   * Checks it.
   *
   * @throws IllegalArgumentException if something is out of its range
   */
  public BenchSettings {
    check("the number of keys", keys, 1, 1L << 40);
    check("the number of threads", threads, 1, 1024);
    check("the size of a value", valueBytes, Long.BYTES, 16 << 20);
    check("the share of writes", writePercent, 0, 100);
  }

  private static void check(
      final String what, final long value, final long least, final long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          what + " is " + value + ", must be " + least + " to " + most);
    }
  }
}
