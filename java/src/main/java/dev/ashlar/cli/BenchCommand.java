package dev.ashlar.cli;

import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.Device;
import dev.ashlar.cli.bench.BenchDatabase;
import dev.ashlar.cli.bench.BenchSettings;
import dev.ashlar.cli.bench.Workload;
import dev.ashlar.cli.bench.WorkloadResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "bench",
    description = {
      "Runs workloads of RocksDB's db_bench from Java, on a database in a new file system (BlobFS).",
      "Workloads: fillseq, fillrandom, fillsync, overwrite, readrandom, readseq,"
          + " readrandomwriterandom, readwhilewriting, deleterandom."
    },
    mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
  private static final long DEFAULT_SIZE = 4L << 30;

  private final Io io;

  @Parameters(
      index = "0",
      arity = "1",
      paramLabel = "WORKLOAD[,WORKLOAD]...",
      split = ",",
      converter = ByLabel.class,
      description = "Run one after the other on one database.")
  private List<Workload> workloads = new ArrayList<>();

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "DEVICE",
      description = "File or block device; it keeps the database. Default: memory")
  private @Nullable Path device;

  @Option(
      names = "--num",
      defaultValue = "1000000",
      paramLabel = "N",
      description =
          "Keys, and operations of each workload; fillsync does a thousandth."
              + " Default: ${DEFAULT-VALUE}")
  private long keys;

  @Option(
      names = "--threads",
      defaultValue = "1",
      paramLabel = "N",
      description = "Threads that share the operations. Default: ${DEFAULT-VALUE}")
  private int threads;

  @Option(
      names = "--value-size",
      defaultValue = "100",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Bytes of a value; keys have 16. Default: ${DEFAULT-VALUE}")
  private long valueSize;

  @Option(
      names = "--write-percent",
      defaultValue = "10",
      paramLabel = "N",
      description = "Share of writes in readrandomwriterandom. Default: ${DEFAULT-VALUE}")
  private int writePercent;

  @Option(
      names = "--seed",
      defaultValue = "1",
      paramLabel = "N",
      description = "Of the random numbers. Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Size of memory, or of a file that does not exist yet. Default: 4G")
  private @Nullable Long size;

  @Option(names = "--force", description = "Destroy what the device holds.")
  private boolean force;

  @Option(names = "--json", description = "Print a JSON array of objects.")
  private boolean json;

  /** Workloads are named as in db_bench. */
  static final class ByLabel implements ITypeConverter<Workload> {
    @Override
    public Workload convert(final String text) {
      return Workload.of(text)
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "no workload \"" + text + "\"; there are " + Workload.labels()));
    }
  }

  BenchCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Exception {
    final int valueBytes = Math.toIntExact(Math.min(valueSize, Integer.MAX_VALUE));
    final BenchSettings settings = new BenchSettings(keys, threads, valueBytes, writePercent, seed);
    final List<WorkloadResult> results = new ArrayList<>();
    try (BlobFs fs = open();
        BenchDatabase database = new BenchDatabase(fs, settings)) {
      for (final Workload workload : workloads) {
        final WorkloadResult result = database.run(workload);
        results.add(result);
        if (!json) {
          print(result);
        }
      }
    }
    if (json) {
      final Json array = new Json(io.out()).beginArray();
      results.forEach(result -> write(array, result));
      array.endArray();
    }
    return Main.EXIT_OK;
  }

  private BlobFs open() {
    if (device == null) {
      final Device memory = Device.memory(size == null ? DEFAULT_SIZE : size);
      return BlobFs.open(BlobFsOptions.builder().device(memory).build());
    }
    final BlobFsOptions.Builder options = BlobFsOptions.builder().device(Device.file(device));
    if (size != null) {
      options.size(size);
    } else if (!Files.exists(device)) {
      options.size(DEFAULT_SIZE);
    }
    return NewFileSystem.make(options, Device.file(device), force);
  }

  private void print(final WorkloadResult result) {
    io.out()
        .printf(
            Locale.ROOT,
            "%-21s %,10.0f ops/s  %,10d ops in %8.3f s  device: %,d writes of %s, %,d flushes,"
                + " %,d reads%s%n",
            result.workload().label(),
            result.perSecond(),
            result.operations(),
            result.seconds(),
            result.deviceWrites(),
            ByteSize.format(result.deviceBytesWritten()),
            result.deviceFlushes(),
            result.deviceReads(),
            result.reads() == 0
                ? ""
                : String.format(Locale.ROOT, "; found %,d of %,d", result.found(), result.reads()));
    io.out().flush();
  }

  private static void write(final Json array, final WorkloadResult result) {
    array
        .beginObject()
        .put("workload", result.workload().label())
        .put("operations", result.operations())
        .put("seconds", result.seconds())
        .put("operationsPerSecond", result.perSecond())
        .put("reads", result.reads())
        .put("found", result.found())
        .put("deviceReads", result.deviceReads())
        .put("deviceWrites", result.deviceWrites())
        .put("deviceFlushes", result.deviceFlushes())
        .put("deviceBytesRead", result.deviceBytesRead())
        .put("deviceBytesWritten", result.deviceBytesWritten())
        .endObject();
  }
}
