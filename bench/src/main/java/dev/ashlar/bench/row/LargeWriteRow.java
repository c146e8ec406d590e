package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.Contender;
import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.measure.Rounds;
import dev.ashlar.bench.ours.OurSide;
import dev.ashlar.bench.peer.BlobDb;
import dev.ashlar.bench.peer.DataFile;
import dev.ashlar.bench.peer.Fio;
import dev.ashlar.bench.peer.FioContender;
import dev.ashlar.bench.peer.FioJob;
import dev.ashlar.bench.peer.FioResult;
import dev.ashlar.bench.report.Bound;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * P5: large durable writes. fio writes in place over a file that is laid out, with a flush for
 * about every eight writes, as a store that acknowledges eight at once would need; and also without
 * any, which is the limit of the device but not durable.
 *
 * <p>Each reference takes turns with ours alone: a drive with a limited bandwidth is faster for a
 * while after it has had little to do, so in one round of all the side behind BlobDB would gain.
 */
final class LargeWriteRow implements Row {

  private static final int BLOCK_BYTES = 1 << 20;
  private static final int DEPTH = 8;
  private static final double MIB = 1 << 20;

  /** While its queue is full fio repeats a sync: 64 gives one sync for about eight writes. */
  private static final int FIO_FLUSH_EVERY = 64;

  private static final RowSpec FIO = fioSpec("P5-fio", "fio");
  private static final RowSpec RAW = fioSpec("P5-fio-unflushed", "fio without flush");
  private static final RowSpec BLOBDB =
      RowSpec.of(
          "P5-blobdb",
          "durable write 1M, 8 in flight / BlobDB synced put, 8 threads",
          "MiB/s",
          Bound.atLeast(3, "x"));

  private static RowSpec fioSpec(final String id, final String peer) {
    return RowSpec.of(
            id, "durable write 1M, 8 in flight / " + peer, "MiB/s", Bound.atLeast(0.9, "x"))
        .withFloor(Bound.atLeast(0.7, "x"));
  }

  @Override
  public String id() {
    return "P5";
  }

  @Override
  public List<RowSpec> specs() {
    return List.of(FIO, RAW, BLOBDB);
  }

  @Override
  public List<RowResult> run(final Effort effort, final Path folder) throws Exception {
    final int blocks = Math.toIntExact(effort.dataBytes() / BLOCK_BYTES);
    final String obstacle = Fio.obstacle();
    try (OurSide side = OurSide.manyChunksOnFile(folder, effort.dataPages());
        BlobDb blobDb = new BlobDb(folder.resolve("blobdb"), BLOCK_BYTES, blocks, DEPTH)) {
      final Contender ours = side.overwrites(BLOCK_BYTES, DEPTH);
      final List<RowResult> results = new ArrayList<>();
      if (obstacle.isEmpty()) {
        final Path file = folder.resolve("laid-out");
        DataFile.layOut(file, effort.dataBytes());
        results.add(compared(FIO, effort, ours, fio(file, effort, FIO_FLUSH_EVERY)));
        results.add(compared(RAW, effort, ours, fio(file, effort, 0)));
      } else {
        results.add(FIO.skipped(obstacle));
        results.add(RAW.skipped(obstacle));
      }
      results.add(compared(BLOBDB, effort, ours, blobDb));
      side.verify(blocks);
      blobDb.verify(blocks);
      return results;
    }
  }

  private static RowResult compared(
      final RowSpec spec, final Effort effort, final Contender ours, final Contender reference)
      throws Exception {
    final double[] medians = Rounds.medians(effort, List.of(ours, reference));
    return spec.compared(medians[0], medians[1]);
  }

  private static Contender fio(final Path file, final Effort effort, final int flushEvery) {
    return new FioContender(
        FioJob.writes(file, BLOCK_BYTES, DEPTH, effort.dataBytes(), flushEvery),
        LargeWriteRow::mibPerSecond);
  }

  private static double mibPerSecond(final FioResult result) {
    return result.bytesPerSecond() / MIB;
  }
}
