package dev.ashlar.bench.report;

import java.util.Locale;

/**
 * What a ratio must keep to.
 *
 * @param atLeast whether the limit is the lowest that holds, not the highest
 * @param limit compared with the ratio as it is printed
 * @param suffix of the limit in the text
 * @param step to which the ratio is rounded before it is compared
 */
public record Bound(boolean atLeast, double limit, String suffix, double step) {

  private static final double HUNDREDTHS = 0.01;

  /**
   * A lower bound.
   *
   * @param limit lowest ratio that holds
   * @param suffix of the limit in the text, like "x"
   * @return the bound
   */
  public static Bound atLeast(final double limit, final String suffix) {
    return new Bound(true, limit, suffix, HUNDREDTHS);
  }

  /**
   * An upper bound.
   *
   * @param limit highest ratio that holds
   * @param suffix of the limit in the text, like "x"
   * @return the bound
   */
  public static Bound atMost(final double limit, final String suffix) {
    return new Bound(false, limit, suffix, HUNDREDTHS);
  }

  /**
   * An upper bound in whole units.
   *
   * @param limit highest number that holds
   * @param suffix of the limit in the text, like " bytes"
   * @return the bound
   */
  public static Bound atMostWhole(final int limit, final String suffix) {
    return new Bound(false, limit, suffix, 1);
  }

  /**
   * Whether a ratio keeps to it.
   *
   * @param ratio measured
   * @return true if it does
   */
  public boolean holds(final double ratio) {
    final long rounded = Math.round(ratio / step);
    final long steps = Math.round(limit / step);
    return atLeast ? rounded >= steps : rounded <= steps;
  }

  /**
   * The bound in words.
   *
   * @return like "at least 2x"
   */
  public String text() {
    final String number =
        limit == Math.rint(limit)
            ? String.format(Locale.ROOT, "%.0f", limit)
            : Double.toString(limit);
    return (atLeast ? "at least " : "at most ") + number + suffix;
  }
}
