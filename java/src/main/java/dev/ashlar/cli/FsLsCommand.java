package dev.ashlar.cli;

import dev.ashlar.BlobFileStat;
import dev.ashlar.BlobFs;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "ls",
    description = "Lists files in the order of their names: size, time of last change, name.",
    mixinStandardHelpOptions = true)
final class FsLsCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private FsArguments arguments = new FsArguments();

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PREFIX",
      defaultValue = "/",
      converter = FsArguments.Name.class,
      description = "Only files whose names begin with it.")
  private String prefix = "/";

  @Option(names = "--json", description = "Print a JSON array of objects.")
  private boolean json;

  FsLsCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    try (BlobFs fs = arguments.openReadOnly()) {
      final Json array = json ? new Json(io.out()).beginArray() : null;
      for (final String name : fs.list(prefix)) {
        final BlobFileStat stat = fs.stat(name);
        if (array != null) {
          FsStatCommand.write(array, stat);
        } else {
          print(stat);
        }
      }
      if (array != null) {
        array.endArray();
      }
      fs.damage().forEach(damage -> io.err().println("ashlar: " + Text.printable(damage)));
      return fs.damage().isEmpty() ? Main.EXIT_OK : Main.EXIT_FAILED;
    }
  }

  private void print(final BlobFileStat stat) {
    final Instant modified = stat.modified();
    io.out()
        .printf(
            Locale.ROOT,
            "%15d  %20s  %s%n",
            stat.sizeBytes(),
            modified == null ? "-" : modified.truncatedTo(ChronoUnit.SECONDS),
            Text.printable(stat.name()));
  }
}
