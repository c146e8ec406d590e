package dev.ashlar.bench.measure;

import java.util.Arrays;

/** The value in the middle. */
public final class Median {

  private Median() {}

  /**
   * The median.
   *
   * @param values at least one; left as they are
   * @return the middle one, or the mean of the two in the middle
   */
  public static double of(final double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("values is empty");
    }
    final double[] sorted = values.clone();
    Arrays.sort(sorted);
    final int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
