package dev.ashlar.cli;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "put",
    description = "Makes a chunk of a file. A chunk of that key is replaced at once or not at all.",
    mixinStandardHelpOptions = true)
final class PutCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private DeviceArguments device = new DeviceArguments();

  @Parameters(
      index = "1",
      paramLabel = "KEY",
      converter = KeyConverter.class,
      description = "Key of the chunk: id, or id#number.")
  private @Nullable ChunkKey key;

  @Parameters(index = "2", paramLabel = "FILE", description = "What to store; -: standard input.")
  private String file = "-";

  @Option(names = "--json", description = "Print what is known about the new chunk, as JSON.")
  private boolean json;

  PutCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws IOException {
    try (ReadableByteChannel source = source();
        ChunkStore store = device.open()) {
      new ChunkReplacement(store, key).from(source);
      if (json) {
        StatCommand.write(new Json(io.out()), store.stat(key));
      }
    }
    return Main.EXIT_OK;
  }

  private ReadableByteChannel source() throws IOException {
    if (file.equals("-")) {
      return Channels.newChannel(io.in());
    }
    final Path path = Path.of(file);
    if (Files.isDirectory(path)) {
      throw new CliException(path + " is a folder");
    }
    return FileChannel.open(path, StandardOpenOption.READ);
  }
}
