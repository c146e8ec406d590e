package dev.ashlar.bench.row;

import dev.ashlar.bench.measure.Effort;
import dev.ashlar.bench.measure.Median;
import dev.ashlar.bench.ours.DevicePlace;
import dev.ashlar.bench.peer.DataFile;
import dev.ashlar.bench.peer.DbBench;
import dev.ashlar.bench.peer.DbBenchJob;
import dev.ashlar.bench.peer.DbBenchPlace;
import dev.ashlar.bench.peer.DbBenchResult;
import dev.ashlar.bench.peer.FolderPlace;
import dev.ashlar.bench.report.Bound;
import dev.ashlar.bench.report.RowResult;
import dev.ashlar.bench.report.RowSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * P7, P7b, P8: RocksDB's own benchmark with its files on ours and on the kernel's. A slice is a
 * process of its own, with a new database, a number of operations and the same keys on both sides.
 */
final class DbBenchRow implements Row {

  private static final Path TMPFS = Path.of("/dev/shm");
  private static final int THREADS = 8;

  /** The amount of data of the other rows means so many bytes a key here. */
  private static final int BYTES_PER_KEY = 2048;

  /** A synced write takes the time of so many others. */
  private static final int KEYS_PER_SYNC = 128;

  /** A process takes longer than a slice of other rows, so there are fewer of them. */
  private static final int MOST_ROUNDS = 3;

  /** For what is written besides the data: logs, tables before and after compactions. */
  private static final long SPARE_BYTES = 256L << 20;

  private final String id;
  private final String sides;
  private final SidesMaker maker;
  private final List<Run> runs = new ArrayList<>();

  /** What one process does, and the variants that its benchmarks are. */
  private record Run(int threads, List<String> benchmarks, List<RowSpec> specs) {
    DbBenchJob job(final long keys) {
      final boolean syncs = benchmarks.contains("fillsync");
      return new DbBenchJob(benchmarks, syncs ? keys / KEYS_PER_SYNC : keys, threads);
    }
  }

  /** A benchmark and what it must reach. */
  private record Goal(String benchmark, double atLeast) {}

  /** Sets both sides up: ours, then the reference. */
  private interface SidesMaker {
    List<DbBenchPlace> make(Path folder, long deviceBytes) throws IOException;
  }

  private DbBenchRow(final String id, final String sides, final SidesMaker maker) {
    this.id = id;
    this.sides = sides;
    this.maker = maker;
  }

  /** On a memory device and on tmpfs. */
  static Row onMemory() {
    return new DbBenchRow(
            "P7",
            "BlobFS in memory / tmpfs",
            (folder, bytes) -> List.of(DevicePlace.memory(bytes), new FolderPlace(TMPFS)))
        .with(
            1,
            new Goal("fillseq", 2.0),
            new Goal("fillrandom", 1.4),
            new Goal("readrandom", 1.1),
            new Goal("readrandomwriterandom", 1.2));
  }

  /** On a file and on the file system that holds it. */
  static Row onFile() {
    return new DbBenchRow(
            "P7b",
            "BlobFS on a file / the file system below",
            (folder, bytes) ->
                List.of(DevicePlace.file(laidOut(folder, bytes)), new FolderPlace(folder)))
        .with(1, new Goal("fillseq", 1.5), new Goal("readrandom", 1.0))
        .with(1, new Goal("fillsync", 1.2))
        .with(THREADS, new Goal("fillsync", 1.2));
  }

  /** Through the mount of a file and on the file system that holds it. */
  static Row onMount() {
    return new DbBenchRow(
            "P8",
            "BlobFS mounted / the file system below",
            (folder, bytes) ->
                List.of(
                    DevicePlace.mount(
                        laidOut(folder, bytes), Files.createDirectory(folder.resolve("mount"))),
                    new FolderPlace(folder)))
        .with(
            1,
            new Goal("fillseq", 0.8),
            new Goal("readrandom", 0.8),
            new Goal("readrandomwriterandom", 0.8))
        .with(1, new Goal("fillsync", 0.8))
        .with(THREADS, new Goal("fillsync", 0.8));
  }

  private DbBenchRow with(final int threads, final Goal... goals) {
    final List<String> benchmarks = new ArrayList<>();
    final List<RowSpec> specs = new ArrayList<>();
    for (final Goal goal : goals) {
      benchmarks.add(goal.benchmark());
      specs.add(
          RowSpec.of(
              id + "-" + goal.benchmark() + (threads == 1 ? "" : threads),
              "db_bench %s%s, %s"
                  .formatted(
                      goal.benchmark(), threads == 1 ? "" : ", " + threads + " threads", sides),
              "ops/s",
              Bound.atLeast(goal.atLeast(), "x")));
    }
    runs.add(new Run(threads, benchmarks, specs));
    return this;
  }

  private static Path laidOut(final Path folder, final long bytes) throws IOException {
    final Path file = folder.resolve("device");
    DataFile.layOut(file, bytes);
    return file;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public List<RowSpec> specs() {
    return runs.stream().flatMap(run -> run.specs().stream()).toList();
  }

  @Override
  public String obstacle() throws InterruptedException {
    return DbBench.obstacle();
  }

  @Override
  public List<RowResult> run(final Effort effort, final Path folder) throws Exception {
    final List<DbBenchPlace> places = maker.make(folder, effort.dataBytes() + SPARE_BYTES);
    final List<RowResult> results = new ArrayList<>();
    for (final Run run : runs) {
      results.addAll(measure(run, effort, places));
    }
    return results;
  }

  private static List<RowResult> measure(
      final Run run, final Effort effort, final List<DbBenchPlace> places) throws Exception {
    final DbBenchJob job = run.job(effort.dataBytes() / BYTES_PER_KEY);
    final int rounds = Math.min(effort.rounds(), MOST_ROUNDS);
    final double[][][] figures = new double[run.specs().size()][places.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      final List<DbBenchResult> ours = places.get(0).run(job);
      final List<DbBenchResult> reference = places.get(1).run(job);
      for (int i = 0; i < figures.length; i++) {
        requireSameFound(ours.get(i), reference.get(i));
        figures[i][0][round] = ours.get(i).perSecond();
        figures[i][1][round] = reference.get(i).perSecond();
      }
    }
    final List<RowResult> results = new ArrayList<>();
    for (int i = 0; i < figures.length; i++) {
      results.add(run.specs().get(i).compared(Median.of(figures[i][0]), Median.of(figures[i][1])));
    }
    return results;
  }

  /** Both sides wrote and looked for the same keys. */
  private static void requireSameFound(final DbBenchResult ours, final DbBenchResult reference) {
    if (!ours.found().equals(reference.found())) {
      throw new IllegalStateException(
          "%s found %s on BlobFS, but %s on the reference"
              .formatted(ours.benchmark(), ours.found(), reference.found()));
    }
  }
}
