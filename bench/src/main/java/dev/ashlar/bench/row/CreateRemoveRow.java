package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.measure.Rounds;
import dev.ashlar.bench.ours.OurSide;
import dev.ashlar.bench.peer.PutDelete;
import dev.ashlar.bench.report.Bound;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Path;
import java.util.List;

/** P6: durable changes of metadata alone. */
final class CreateRemoveRow implements Row {

  private static final int DEPTH = 32;

  /** The store is not empty. */
  private static final int OTHER_PAGES = 1 << 12;

  private static final RowSpec SPEC =
      RowSpec.of(
          "P6",
          "durable create + remove, 32 in flight / RocksDB synced put + delete, 32 threads",
          "pairs/s",
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
  public List<RowResult> run(final Effort effort, final Path folder) throws Exception {
    try (OurSide side = OurSide.manyChunksOnFile(folder, OTHER_PAGES);
        PutDelete reference = new PutDelete(folder.resolve("rocksdb"), DEPTH)) {
      final double[] medians = Rounds.medians(effort, List.of(side.createRemove(DEPTH), reference));
      return List.of(SPEC.compared(medians[0], medians[1]));
    }
  }
}
