package dev.ashlar.cli;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStat;
import dev.ashlar.ChunkStore;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "stat",
    description = "Shows what is known about a chunk.",
    mixinStandardHelpOptions = true)
final class StatCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private DeviceArguments device = new DeviceArguments();

  @Parameters(
      index = "1",
      paramLabel = "KEY",
      converter = KeyConverter.class,
      description = "Key of the chunk: id, or id#number.")
  private @Nullable ChunkKey key;

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  StatCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    final ChunkStat stat;
    try (ChunkStore store = device.openReadOnly()) {
      stat = store.stat(key);
    }
    if (json) {
      write(new Json(io.out()), stat);
      return Main.EXIT_OK;
    }
    line("key", Text.printable(stat.key().toString()));
    line("size", stat.sizeBytes() + " (" + ByteSize.format(stat.sizeBytes()) + ")");
    line("version", Long.toString(stat.version()));
    line("created", stat.created().toString());
    line("modified", stat.modified().toString());
    return Main.EXIT_OK;
  }

  private void line(final String name, final String value) {
    io.out().printf(Locale.ROOT, "%-9s %s%n", name, value);
  }

  /** As an object, here and in lists. */
  static void write(final Json json, final ChunkStat stat) {
    json.beginObject()
        .put("key", stat.key().toString())
        .put("id", stat.key().id())
        .put("number", stat.key().number())
        .put("sizeBytes", stat.sizeBytes())
        .put("version", stat.version())
        .put("created", stat.created().toString())
        .put("modified", stat.modified().toString())
        .endObject();
  }
}
