package dev.ashlar.cli;

import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.StoreStats;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "info",
    description = "Shows what a store is and how full it is.",
    mixinStandardHelpOptions = true)
final class InfoCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private DeviceArguments device = new DeviceArguments();

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  InfoCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    final ChunkStoreOptions options = device.options().readOnly(true).build();
    final StoreStats stats;
    try (ChunkStore store = ChunkStore.open(options)) {
      stats = store.stats();
    }
    if (json) {
      printJson(stats);
    } else {
      printText(stats);
    }
    return Main.EXIT_OK;
  }

  private void printText(final StoreStats stats) {
    line("device", device.device() + " (" + stats.backend() + direct(stats) + ")");
    line("metadata", stats.metadata());
    line("store", stats.storeId().toString());
    line("size", ByteSize.format(stats.deviceBytes()));
    line("used", ByteSize.format(stats.usedBytes()));
    line("free", ByteSize.format(stats.freeBytes()));
    line("chunks", Long.toString(stats.chunks()));
    line("last close", stats.wasClean() ? "clean" : "not clean; recovered");
    line("problems", stats.problems().isEmpty() ? "none" : "");
    stats.problems().forEach(problem -> io.out().println("  " + problem));
  }

  private static String direct(final StoreStats stats) {
    return stats.directIo() ? ", direct I/O" : "";
  }

  private void line(final String name, final String value) {
    io.out().printf(Locale.ROOT, "%-11s %s%n", name, value);
  }

  private void printJson(final StoreStats stats) {
    new Json(io.out())
        .beginObject()
        .put("device", device.device().toString())
        .put("metadata", stats.metadata())
        .put("storeId", stats.storeId().toString())
        .put("backend", stats.backend())
        .put("directIo", stats.directIo())
        .put("volatileCache", stats.volatileCache())
        .put("deviceBytes", stats.deviceBytes())
        .put("usedBytes", stats.usedBytes())
        .put("freeBytes", stats.freeBytes())
        .put("chunks", stats.chunks())
        .put("wasClean", stats.wasClean())
        .put("problems", stats.problems())
        .endObject();
  }
}
