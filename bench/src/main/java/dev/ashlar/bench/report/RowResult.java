package dev.ashlar.bench.report;

/**
 * What a row came to.
 *
 * @param spec of the row
 * @param kind whether there are figures
 * @param ours our figure; NaN if there is none
 * @param reference the figure of the other side; NaN if there is none
 * @param ratio what the target is about; NaN if there is none
 * @param note why there are no figures, or a remark on them; may be empty
 */
public record RowResult(
    RowSpec spec, Kind kind, double ours, double reference, double ratio, String note) {

  /** Whether a row has figures. */
  public enum Kind {
    /** It has. */
    MEASURED,
    /** It could not run here. */
    SKIPPED,
    /** It ended with an error. */
    FAILED
  }

  /**
   * The same with a remark.
   *
   * @param remark on how the figures came about
   * @return the result
   */
  public RowResult withNote(final String remark) {
    return new RowResult(spec, kind, ours, reference, ratio, remark);
  }

  /**
   * Whether the target is reached.
   *
   * @return false also if nothing was measured
   */
  public boolean holds() {
    return kind == Kind.MEASURED && spec.target().holds(ratio);
  }

  /**
   * Whether the floor of this release is reached; the target where there is no lower floor.
   *
   * @return false also if nothing was measured
   */
  public boolean holdsFloor() {
    return kind == Kind.MEASURED && spec.floor().orElse(spec.target()).holds(ratio);
  }
}
