package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.ours.Allocations;
import dev.ashlar.bench.ours.OurSide;
import dev.ashlar.bench.report.Bound;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** P14: garbage of an operation of 4 KiB on a store in a file, counted in all threads. */
final class HeapRow implements Row {

  private static final int PAGES = 1 << 14;

  /** In whole bytes: what is allocated once in ten thousand operations is the JVM's own. */
  private static final Bound NOTHING = Bound.atMostWhole(0, " bytes");

  private static final Bound LITTLE = Bound.atMostWhole(200, " bytes");

  private static final RowSpec SYNC_READ = spec("P14-sync-read", "sync read", NOTHING);
  private static final RowSpec SYNC_WRITE = spec("P14-sync-write", "sync durable write", NOTHING);
  private static final RowSpec ASYNC_READ = spec("P14-async-read", "async read", LITTLE);
  private static final RowSpec ASYNC_WRITE = spec("P14-async-write", "async durable write", LITTLE);

  private static RowSpec spec(final String id, final String operation, final Bound target) {
    return RowSpec.of(id, "heap allocated by a 4K " + operation, "bytes", target);
  }

  @Override
  public String id() {
    return "P14";
  }

  @Override
  public List<RowSpec> specs() {
    return List.of(SYNC_READ, SYNC_WRITE, ASYNC_READ, ASYNC_WRITE);
  }

  @Override
  public List<RowResult> run(final Effort effort, final Path folder) throws Exception {
    try (OurSide side = OurSide.manyChunksOnFile(folder, PAGES)) {
      final Allocations allocations = side.allocations();
      final Duration slice = effort.slice();
      return List.of(
          SYNC_READ.measured(allocations.syncRead(slice)),
          SYNC_WRITE.measured(allocations.syncWrite(slice)),
          ASYNC_READ.measured(allocations.asyncRead(slice)),
          ASYNC_WRITE.measured(allocations.asyncWrite(slice)));
    }
  }
}
