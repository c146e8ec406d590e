package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.CpuTimes;
import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.ours.OurSide;
import dev.ashlar.bench.report.Bound;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** P13: what a store takes that is open and was used a moment ago; the JVM's own share is in it. */
final class IdleCpuRow implements Row {

  private static final int PAGES = 1 << 14;
  private static final int DEPTH = 32;
  private static final int SLICES = 5;

  /** Compilers and RocksDB's background threads have work left for a while. */
  private static final Duration SETTLE = Duration.ofSeconds(3);

  private static final RowSpec SPEC =
      RowSpec.of("P13", "CPU of an open, idle store", "% of a core", Bound.atMost(1, " %"));

  @Override
  public String id() {
    return SPEC.id();
  }

  @Override
  public List<RowSpec> specs() {
    return List.of(SPEC);
  }

  @Override
  public List<RowResult> run(final Effort effort, final Path folder) throws Exception {
    try (OurSide side = OurSide.manyChunksOnFile(folder, PAGES)) {
      side.overwriteFor(effort.slice(), Pages.BYTES, DEPTH);
      side.asyncReads(DEPTH).measure(effort.slice());
      Thread.sleep(SETTLE.toMillis());
      final CpuTimes before = CpuTimes.now();
      final long start = System.nanoTime();
      Thread.sleep(effort.slice().multipliedBy(SLICES).toMillis());
      final long nanos = CpuTimes.now().nanosSince(before);
      return List.of(SPEC.measured(100.0 * nanos / (System.nanoTime() - start)));
    }
  }
}
