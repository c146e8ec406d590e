package dev.ashlar.bench.peer;

import dev.ashlar.bench.measure.Contender;
import java.time.Duration;
import java.util.function.ToDoubleFunction;

/** A fio job as a side of a comparison. */
public final class FioContender implements Contender {

  private final FioJob job;
  private final ToDoubleFunction<FioResult> figure;

  /**
   * Makes it.
   *
   * @param job to run
   * @param figure what of its result counts
   */
  public FioContender(final FioJob job, final ToDoubleFunction<FioResult> figure) {
    this.job = job;
    this.figure = figure;
  }

  @Override
  public double measure(final Duration slice) throws Exception {
    return figure.applyAsDouble(Fio.run(job, slice));
  }
}
