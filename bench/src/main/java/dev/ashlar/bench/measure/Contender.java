package dev.ashlar.bench.measure;

import java.time.Duration;

/** One side of a comparison, set up and ready to do its work for a while. */
public interface Contender {

  /**
   * Works for that long.
   *
   * @param slice how long
   * @return the figure: a rate or a latency, in the unit of the row
   * @throws Exception if anything went wrong, wrong bytes included; the row ends with it
   */
  double measure(Duration slice) throws Exception;

  /**
   * Lets work end that the last slice has left in the background, so that it does not fall into the
   * slice of the other side.
   *
   * @throws Exception if the work failed
   */
  default void settle() throws Exception {}
}
