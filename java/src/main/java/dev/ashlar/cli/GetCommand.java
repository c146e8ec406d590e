package dev.ashlar.cli;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "get",
    description = "Copies a chunk to a file, which appears only when it is complete.",
    mixinStandardHelpOptions = true)
final class GetCommand implements Callable<Integer> {
  private static final int PIECES_IN_FLIGHT = 8;

  private final Io io;

  @Mixin private DeviceArguments device = new DeviceArguments();

  @Parameters(
      index = "1",
      paramLabel = "KEY",
      converter = KeyConverter.class,
      description = "Key of the chunk: id, or id#number.")
  private @Nullable ChunkKey key;

  @Parameters(index = "2", paramLabel = "FILE", description = "Where to; -: standard output.")
  private String file = "-";

  GetCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws IOException {
    try (ChunkStore store = device.openReadOnly()) {
      if (file.equals("-")) {
        copy(store, Channels.newChannel(io.out()));
        io.out().flush();
        if (io.out().checkError()) {
          throw new IOException("writing to standard output failed");
        }
        return Main.EXIT_OK;
      }
      final long sizeBytes = store.stat(key).sizeBytes(); // before a file is made
      try (NewFile target = NewFile.create(Path.of(file), sizeBytes)) {
        copy(store, target.channel());
        target.complete();
      }
    }
    return Main.EXIT_OK;
  }

  private void copy(final ChunkStore store, final WritableByteChannel target) {
    final long sizeBytes = store.stat(key).sizeBytes();
    try (Pieces pieces = new Pieces(store, PIECES_IN_FLIGHT)) {
      for (long offset = 0; offset < sizeBytes; offset += Pieces.BYTES) {
        final ByteBuffer buffer = pieces.take();
        buffer.limit((int) Math.min(Pieces.BYTES, sizeBytes - offset));
        pieces.reading(
            store.readAsync(key, offset, buffer), buffer, arrived -> write(target, arrived));
      }
      pieces.finish();
    }
  }

  private static void write(final WritableByteChannel target, final ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        target.write(bytes);
      }
    } catch (final IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
