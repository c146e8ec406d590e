package dev.ashlar.cli;

import dev.ashlar.BlobFileStat;
import dev.ashlar.BlobFs;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "stat",
    description = "Shows what is known about a file.",
    mixinStandardHelpOptions = true)
final class FsStatCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private FsArguments arguments = new FsArguments();

  @Parameters(
      index = "1",
      paramLabel = "NAME",
      converter = FsArguments.Name.class,
      description = "Name of the file.")
  private String name = "/";

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  FsStatCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    final BlobFileStat stat;
    try (BlobFs fs = arguments.openReadOnly()) {
      stat = fs.stat(name);
    }
    if (json) {
      write(new Json(io.out()), stat);
      return Main.EXIT_OK;
    }
    line("name", Text.printable(stat.name()));
    line("size", stat.sizeBytes() + " (" + ByteSize.format(stat.sizeBytes()) + ")");
    line("allocated", ByteSize.format(stat.allocatedBytes()));
    line("modified", modified(stat));
    line("kind", kind(stat));
    return Main.EXIT_OK;
  }

  private void line(final String what, final String value) {
    io.out().printf(Locale.ROOT, "%-9s %s%n", what, value);
  }

  private static String modified(final BlobFileStat stat) {
    return stat.modified() == null ? "unknown" : stat.modified().toString();
  }

  private static String kind(final BlobFileStat stat) {
    return stat.log() ? "log" : "data";
  }

  /** As an object, here and in lists. */
  static void write(final Json json, final BlobFileStat stat) {
    json.beginObject()
        .put("name", stat.name())
        .put("sizeBytes", stat.sizeBytes())
        .put("allocatedBytes", stat.allocatedBytes())
        .put("modified", modified(stat))
        .put("kind", kind(stat))
        .endObject();
  }
}
