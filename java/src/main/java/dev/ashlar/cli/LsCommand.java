package dev.ashlar.cli;

import dev.ashlar.ChunkIterator;
import dev.ashlar.ChunkStat;
import dev.ashlar.ChunkStore;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "ls",
    description = "Lists chunks in the order of their keys: size, time of last change, key.",
    mixinStandardHelpOptions = true)
final class LsCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private DeviceArguments device = new DeviceArguments();

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PREFIX",
      defaultValue = "",
      description = "Only chunks whose ids begin with it.")
  private String prefix = "";

  @Option(names = "--json", description = "Print a JSON array of objects.")
  private boolean json;

  LsCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    try (ChunkStore store = device.openReadOnly()) {
      final ChunkIterator chunks = store.list(prefix);
      if (json) {
        printJson(chunks);
      } else {
        printText(chunks);
      }
    }
    return Main.EXIT_OK;
  }

  private void printText(final ChunkIterator chunks) {
    while (chunks.hasNext() && !io.out().checkError()) {
      final ChunkStat chunk = chunks.next();
      io.out()
          .printf(
              Locale.ROOT,
              "%15d  %s  %s%n",
              chunk.sizeBytes(),
              chunk.modified().truncatedTo(ChronoUnit.SECONDS),
              Text.printable(chunk.key().toString()));
    }
  }

  private void printJson(final ChunkIterator chunks) {
    final Json array = new Json(io.out()).beginArray();
    while (chunks.hasNext() && !io.out().checkError()) {
      StatCommand.write(array, chunks.next());
    }
    array.endArray();
  }
}
