package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.Rounds;
import dev.ashlar.bench.ours.OurSide;
import dev.ashlar.bench.peer.BlobDb;
import dev.ashlar.bench.report.Bound;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Path;
import java.util.List;

/** P4: small durable changes of data that exists. */
final class OverwriteRow implements Row {

  private static final int DEPTH = 32;
  private static final int CHECKED_PAGES = 1000;

  private static final RowSpec SPEC =
      RowSpec.of(
              "P4",
              "durable overwrite 4K, 32 in flight / BlobDB synced put, 32 threads",
              "writes/s",
              Bound.atLeast(3, "x"))
          .withFloor(Bound.atLeast(1.5, "x"));

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
    try (OurSide side = OurSide.manyChunksOnFile(folder, effort.dataPages());
        BlobDb reference =
            new BlobDb(folder.resolve("blobdb"), Pages.BYTES, effort.dataPages(), DEPTH)) {
      final double[] medians =
          Rounds.medians(effort, List.of(side.overwrites(Pages.BYTES, DEPTH), reference));
      side.verify(CHECKED_PAGES);
      reference.verify(CHECKED_PAGES);
      return List.of(SPEC.compared(medians[0], medians[1]));
    }
  }
}
