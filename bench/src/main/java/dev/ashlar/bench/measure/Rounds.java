package dev.ashlar.bench.measure;

import java.util.List;

/**
 * Runs several sides in turn, A B A B, after one slice of each that warms up and does not count. A
 * machine that slows down for a while thus slows both.
 */
public final class Rounds {

  private Rounds() {}

  /**
   * Measures.
   *
   * @param effort rounds and their length
   * @param contenders in the order in which they take turns
   * @return the median of each, in the same order
   * @throws Exception the first that a side threw
   */
  public static double[] medians(final Effort effort, final List<? extends Contender> contenders)
      throws Exception {
    for (final Contender contender : contenders) {
      measure(effort, contender);
    }
    final double[][] figures = new double[contenders.size()][effort.rounds()];
    for (int round = 0; round < effort.rounds(); round++) {
      for (int side = 0; side < contenders.size(); side++) {
        figures[side][round] = measure(effort, contenders.get(side));
      }
    }
    final double[] medians = new double[contenders.size()];
    for (int side = 0; side < medians.length; side++) {
      medians[side] = Median.of(figures[side]);
    }
    return medians;
  }

  private static double measure(final Effort effort, final Contender contender) throws Exception {
    final double figure = contender.measure(effort.slice());
    if (!(figure > 0) || Double.isInfinite(figure)) {
      throw new IllegalStateException(
          contender.getClass().getSimpleName() + " measured " + figure + ", not a figure");
    }
    contender.settle();
    return figure;
  }
}
