package dev.ashlar.cli;

import dev.ashlar.BlobFile;
import dev.ashlar.BlobFs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "cat",
    description = "Copies a file to standard output.",
    mixinStandardHelpOptions = true)
final class FsCatCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private FsArguments arguments = new FsArguments();

  @Parameters(
      index = "1",
      paramLabel = "NAME",
      converter = FsArguments.Name.class,
      description = "Name of the file.")
  private String name = "/";

  FsCatCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws IOException {
    try (BlobFs fs = arguments.openReadOnly();
        BlobFile file = fs.open(name)) {
      final WritableByteChannel target = Channels.newChannel(io.out());
      final ByteBuffer piece = ByteBuffer.allocateDirect(Pieces.BYTES);
      long offset = 0;
      while (file.read(offset, piece.clear()) > 0) {
        offset += piece.position();
        target.write(piece.flip());
      }
      io.out().flush();
      if (io.out().checkError()) {
        throw new IOException("writing to standard output failed");
      }
    }
    return Main.EXIT_OK;
  }
}
