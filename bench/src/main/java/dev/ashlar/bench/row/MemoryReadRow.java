package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.Rounds;
import dev.ashlar.bench.ours.OurSide;
import dev.ashlar.bench.peer.DataFile;
import dev.ashlar.bench.peer.PageCacheReads;
import dev.ashlar.bench.report.Bound;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Path;
import java.util.List;

/** P1: what a read costs when no device is in the way. */
final class MemoryReadRow implements Row {

  /** At most 256 MiB, which is larger than the caches of the CPU. */
  private static final int MAX_PAGES = 1 << 16;

  private static final RowSpec SPEC =
      RowSpec.of(
              "P1",
              "sync read 4K, memory device / FileChannel, page cache",
              "reads/s",
              Bound.atLeast(2, "x"))
          .withFloor(Bound.atLeast(1, "x"));

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
    final int pages = Math.min(MAX_PAGES, effort.dataPages());
    final Path file = folder.resolve("cached");
    DataFile.layOut(file, (long) pages * Pages.BYTES);
    try (PageCacheReads reference = new PageCacheReads(file);
        OurSide side = OurSide.oneChunkInMemory(pages)) {
      final double[] medians = Rounds.medians(effort, List.of(side.syncReadRate(), reference));
      return List.of(SPEC.compared(medians[0], medians[1]));
    }
  }
}
