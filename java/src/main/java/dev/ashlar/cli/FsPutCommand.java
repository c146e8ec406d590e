package dev.ashlar.cli;

import dev.ashlar.BlobFile;
import dev.ashlar.BlobFs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "put",
    description = "Stores a file. One of that name is replaced at once or not at all.",
    mixinStandardHelpOptions = true)
final class FsPutCommand implements Callable<Integer> {
  private final Io io;

  @Mixin private FsArguments arguments = new FsArguments();
  @Mixin private BesideStore beside = new BesideStore();

  @Parameters(
      index = "1",
      paramLabel = "NAME",
      converter = FsArguments.Name.class,
      description = "Name of the file on the device.")
  private String name = "/";

  @Parameters(index = "2", paramLabel = "FILE", description = "What to store; -: standard input.")
  private String file = "-";

  FsPutCommand(final Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws IOException {
    try (ReadableByteChannel source = source();
        BlobFs fs = arguments.open(beside)) {
      final byte[] random = new byte[4];
      new SecureRandom().nextBytes(random);
      final String temporary = name + "." + HexFormat.of().formatHex(random);
      boolean done = false;
      try {
        copy(source, fs, temporary);
        fs.rename(temporary, name);
        done = true;
      } finally {
        if (!done && fs.exists(temporary)) {
          fs.delete(temporary);
        }
      }
    }
    return Main.EXIT_OK;
  }

  private static void copy(final ReadableByteChannel source, final BlobFs fs, final String target)
      throws IOException {
    try (BlobFile made = fs.create(target)) {
      final ByteBuffer piece = ByteBuffer.allocateDirect(Pieces.BYTES);
      while (source.read(piece.clear()) >= 0) {
        made.append(piece.flip());
      }
      made.sync();
    }
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
