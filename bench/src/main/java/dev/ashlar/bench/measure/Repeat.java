package dev.ashlar.bench.measure;

import java.time.Duration;

/** Repeats a synchronous operation in the calling thread for a slice of time. */
public final class Repeat {

  /** Operations between two looks at the clock, which costs some tens of nanoseconds. */
  private static final int STRIDE = 16;

  private Repeat() {}

  /** One operation. */
  @FunctionalInterface
  public interface Operation {
    /**
     * Does it.
     *
     * @throws Exception if it failed
     */
    void run() throws Exception;
  }

  /**
   * Measures a rate.
   *
   * @param slice how long
   * @param operation to repeat
   * @return operations a second
   * @throws Exception the operation's
   */
  public static double perSecond(final Duration slice, final Operation operation) throws Exception {
    final long start = System.nanoTime();
    final long end = start + slice.toNanos();
    long count = 0;
    long now;
    do {
      for (int i = 0; i < STRIDE; i++) {
        operation.run();
      }
      count += STRIDE;
      now = System.nanoTime();
    } while (now < end);
    return count * 1e9 / (now - start);
  }

  /**
   * Measures a latency.
   *
   * @param slice how long
   * @param operation to repeat
   * @return median time of one operation, in microseconds
   * @throws Exception the operation's
   */
  public static double medianMicros(final Duration slice, final Operation operation)
      throws Exception {
    final LatencyHistogram histogram = new LatencyHistogram();
    final long end = System.nanoTime() + slice.toNanos();
    long before = System.nanoTime();
    while (before < end) {
      operation.run();
      final long after = System.nanoTime();
      histogram.add(after - before);
      before = after;
    }
    return histogram.medianNanos() / 1e3;
  }
}
