package dev.ashlar.cli;

import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.StoreStats;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "mkfs",
    description = "Makes a new, empty store. A device that holds anything is refused.",
    mixinStandardHelpOptions = true)
final class MkfsCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private DeviceArguments device = new DeviceArguments();

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Size of a file that does not exist yet: 10G, 512MiB, ...")
  private @Nullable Long size;

  @Option(
      names = "--cluster-size",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Unit in which space is given out, a power of two from 64K to 1G. Default: 1M")
  private @Nullable Long clusterSize;

  @Option(names = "--force", description = "Destroy what the device and the metadata folder hold.")
  private boolean force;

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  MkfsCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    final ChunkStoreOptions.Builder builder = device.options();
    if (size != null) {
      builder.size(size);
    }
    if (clusterSize != null) {
      builder.clusterBytes(Math.toIntExact(Math.min(clusterSize, Integer.MAX_VALUE)));
    }
    final ChunkStoreOptions options = builder.build();
    ChunkStore.format(options, force);
    final StoreStats stats;
    try (ChunkStore store = device.openReadOnly()) {
      stats = store.stats();
    }
    if (json) {
      new Json(io.out())
          .beginObject()
          .put("device", device.device().toString())
          .put("metadata", stats.metadata())
          .put("storeId", stats.storeId().toString())
          .put("deviceBytes", stats.deviceBytes())
          .put("freeBytes", stats.freeBytes())
          .put("clusterBytes", stats.clusterBytes())
          .endObject();
    } else {
      io.out()
          .printf(
              Locale.ROOT,
              "%s: new store of %s (%s free), metadata in %s%n",
              device.device(),
              ByteSize.format(stats.deviceBytes()),
              ByteSize.format(stats.freeBytes()),
              stats.metadata());
    }
    return Main.EXIT_OK;
  }
}
