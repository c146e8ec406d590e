package dev.ashlar.bench.report;

import java.util.Optional;

/**
 * A row as it is defined, before anything is measured.
 *
 * @param id like "P1", or "P5-fio" for a row of several variants
 * @param name what is compared
 * @param unit of both figures
 * @param target what the ratio must reach in the end
 * @param floor what it must reach in this release, where that is less
 */
public record RowSpec(String id, String name, String unit, Bound target, Optional<Bound> floor) {

  /**
   * A row whose target is its floor too.
   *
   * @param id see the record
   * @param name see the record
   * @param unit see the record
   * @param target see the record
   * @return the row
   */
  public static RowSpec of(
      final String id, final String name, final String unit, final Bound target) {
    return new RowSpec(id, name, unit, target, Optional.empty());
  }

  /**
   * The same row with a floor.
   *
   * @param bound of this release
   * @return the row
   */
  public RowSpec withFloor(final Bound bound) {
    return new RowSpec(id, name, unit, target, Optional.of(bound));
  }

  /**
   * Two figures of which ours over the reference is the ratio.
   *
   * @param ours measured
   * @param reference measured
   * @return the result
   */
  public RowResult compared(final double ours, final double reference) {
    return new RowResult(this, RowResult.Kind.MEASURED, ours, reference, ours / reference, "");
  }

  /**
   * A figure that is judged by itself.
   *
   * @param ours measured
   * @return the result
   */
  public RowResult measured(final double ours) {
    return new RowResult(this, RowResult.Kind.MEASURED, ours, Double.NaN, ours, "");
  }

  /**
   * Nothing measured.
   *
   * @param reason a sentence
   * @return the result
   */
  public RowResult skipped(final String reason) {
    return empty(RowResult.Kind.SKIPPED, reason);
  }

  /**
   * Something went wrong.
   *
   * @param error what
   * @return the result
   */
  public RowResult failed(final Throwable error) {
    return empty(RowResult.Kind.FAILED, error.toString());
  }

  private RowResult empty(final RowResult.Kind kind, final String note) {
    return new RowResult(this, kind, Double.NaN, Double.NaN, Double.NaN, note);
  }
}
