package dev.ashlar.cli;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.NoSuchChunkException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "rm",
    description = "Removes chunks. Goes on after a key that does not exist.",
    mixinStandardHelpOptions = true)
final class RmCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private DeviceArguments device = new DeviceArguments();

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "KEY",
      converter = KeyConverter.class,
      description = "Keys of the chunks: id, or id#number.")
  private List<ChunkKey> keys = new ArrayList<>();

  RmCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    int code = Main.EXIT_OK;
    try (ChunkStore store = device.open()) {
      for (final ChunkKey key : keys) {
        try {
          store.remove(key);
        } catch (final NoSuchChunkException e) {
          io.err().println("ashlar: " + Errors.describe(e));
          code = Main.EXIT_FAILED;
        }
      }
    }
    return code;
  }
}
