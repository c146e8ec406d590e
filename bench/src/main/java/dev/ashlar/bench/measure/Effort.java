package dev.ashlar.bench.measure;

import java.time.Duration;

/**
 * How much a run measures.
 *
 * @param rounds of each comparison
 * @param slice of one side in one round
 * @param dataBytes of the set that random reads and writes go to
 */
public record Effort(int rounds, Duration slice, long dataBytes) {

  /** All rows in about four minutes. */
  public static final Effort QUICK = new Effort(3, Duration.ofSeconds(1), 256L << 20);

  /** For figures to quote. */
  public static final Effort FULL = new Effort(7, Duration.ofSeconds(3), 1L << 30);

  /**
   * The same with slices of another length.
   *
   * @param seconds of a slice
   * @return the changed effort
   * @throws IllegalArgumentException if they are not from 0.01 to 3600
   */
  public Effort withSliceSeconds(final double seconds) {
    if (!(seconds >= 0.01 && seconds <= 3600)) {
      throw new IllegalArgumentException("seconds is " + seconds + ", must be 0.01 to 3600");
    }
    return new Effort(rounds, Duration.ofNanos((long) (seconds * 1e9)), dataBytes);
  }

  /**
   * Pages in the data set.
   *
   * @return how many
   */
  public int dataPages() {
    return Math.toIntExact(dataBytes / Pages.BYTES);
  }
}
