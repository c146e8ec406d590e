package dev.ashlar.cli;

import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsStats;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "df",
    description = "Shows how full a file system is.",
    mixinStandardHelpOptions = true)
final class FsDfCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private FsArguments arguments = new FsArguments();

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  FsDfCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    final BlobFsStats stats;
    try (BlobFs fs = arguments.openReadOnly()) {
      stats = fs.stats();
    }
    if (json) {
      new Json(io.out())
          .beginObject()
          .put("device", arguments.device().toString())
          .put("totalBytes", stats.totalBytes())
          .put("freeBytes", stats.freeBytes())
          .put("clusterBytes", stats.clusterBytes())
          .put("files", stats.files())
          .put("chunkStore", stats.chunkStore())
          .endObject();
      return Main.EXIT_OK;
    }
    line("device", arguments.device().toString());
    line("size", ByteSize.format(stats.totalBytes()));
    line("used", ByteSize.format(stats.totalBytes() - stats.freeBytes()));
    line("free", ByteSize.format(stats.freeBytes()));
    line("cluster", ByteSize.format(stats.clusterBytes()));
    line("files", Long.toString(stats.files()));
    line("chunk store", stats.chunkStore() ? "yes" : "no");
    return Main.EXIT_OK;
  }

  private void line(final String what, final String value) {
    io.out().printf(Locale.ROOT, "%-11s %s%n", what, value);
  }
}
