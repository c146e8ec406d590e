package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.Rounds;
import dev.ashlar.bench.ours.BenchStore;
import dev.ashlar.bench.ours.OurSide;
import dev.ashlar.bench.peer.Bdevperf;
import dev.ashlar.bench.report.Bound;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Path;
import java.util.List;

/** P9: how much of a bdev of SPDK many reads in flight get through, with one reactor. */
final class SpdkReadRow implements Row {

  private static final int DEPTH = 32;

  /** At most 256 MiB, which is larger than the caches of the CPU. */
  private static final int MAX_PAGES = 1 << 16;

  private static final RowSpec SPEC =
      RowSpec.of(
          "P9",
          "async read 4K, 32 in flight, SPDK malloc bdev, one reactor / bdevperf",
          "reads/s",
          Bound.atLeast(0.8, "x"));

  @Override
  public String id() {
    return SPEC.id();
  }

  @Override
  public List<RowSpec> specs() {
    return List.of(SPEC);
  }

  @Override
  public String obstacle() {
    final String ours = BenchStore.spdkObstacle();
    return ours.isEmpty() ? Bdevperf.obstacle() : ours;
  }

  @Override
  public List<RowResult> run(final Effort effort, final Path folder) throws Exception {
    final int pages = Math.min(MAX_PAGES, effort.dataPages());
    final Bdevperf reference = new Bdevperf(folder, (long) pages * Pages.BYTES, Pages.BYTES, DEPTH);
    final double[] medians;
    try (OurSide side = OurSide.oneChunkOnSpdk(pages)) {
      medians = Rounds.medians(effort, List.of(side.chainedReads(DEPTH), reference));
    }
    return List.of(
        SPEC.compared(medians[0], medians[1])
            .withNote("without huge pages; bdevperf on a bdev of the same size as our data"));
  }
}
