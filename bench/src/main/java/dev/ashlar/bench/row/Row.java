package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Path;
import java.util.List;

/** One row of the comparison; it may have several variants. */
public interface Row {

  /**
   * Its name in the options of a run.
   *
   * @return like "P5"
   */
  String id();

  /**
   * Its variants.
   *
   * @return at least one; their ids begin with the row's
   */
  List<RowSpec> specs();

  /**
   * Why it cannot run here.
   *
   * @return a sentence, or an empty string if it can
   * @throws InterruptedException if interrupted
   */
  default String obstacle() throws InterruptedException {
    return "";
  }

  /**
   * Sets both sides up, measures and ends everything it started.
   *
   * @param effort how much to measure
   * @param folder an empty folder for its files
   * @return a result for each variant
   * @throws Exception if anything went wrong
   */
  List<RowResult> run(Effort effort, Path folder) throws Exception;
}
