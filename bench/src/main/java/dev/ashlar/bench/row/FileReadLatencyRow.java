package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.Rounds;
import dev.ashlar.bench.ours.OurSide;
import dev.ashlar.bench.peer.Fio;
import dev.ashlar.bench.peer.FioContender;
import dev.ashlar.bench.peer.FioJob;
import dev.ashlar.bench.peer.FioResult;
import dev.ashlar.bench.report.Bound;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Path;
import java.util.List;

/** P3: what one read costs over what the device takes. fio reads the store's own pages. */
final class FileReadLatencyRow implements Row {

  private static final RowSpec SPEC =
      RowSpec.of("P3", "sync read 4K latency, median / fio", "us", Bound.atMost(1.1, "x"))
          .withFloor(Bound.atMost(1.3, "x"));

  @Override
  public String id() {
    return SPEC.id();
  }

  @Override
  public List<RowSpec> specs() {
    return List.of(SPEC);
  }

  @Override
  public String obstacle() throws InterruptedException {
    return Fio.obstacle();
  }

  @Override
  public List<RowResult> run(final Effort effort, final Path folder) throws Exception {
    try (OurSide side = OurSide.oneChunkOnFile(folder, effort.dataPages())) {
      final FioJob job = StoreFile.randomReads(folder, effort, Pages.BYTES, 1);
      final FioContender reference = new FioContender(job, FioResult::medianMicros);
      final double[] medians = Rounds.medians(effort, List.of(side.syncReadLatency(), reference));
      return List.of(SPEC.compared(medians[0], medians[1]).withNote(StoreFile.note(job)));
    }
  }
}
