package dev.ashlar.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * A file that is written under a temporary name in its folder and gets its own name, durably, when
 * it is complete; until then what had that name before stays. Left incomplete, also by a signal, it
 * is deleted.
 */
final class NewFile implements AutoCloseable {
  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private final Cleanup cleanup;

  private NewFile(final Path target, final Path temporary) throws IOException {
    this.target = target;
    this.temporary = temporary;
    this.channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    this.cleanup = new Cleanup(() -> Files.deleteIfExists(temporary));
  }

  static NewFile create(final Path target, final long sizeBytes) throws IOException {
    if (Files.isDirectory(target)) {
      throw new CliException(target + " is a folder");
    }
    final Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new CliException("there is no folder " + folder);
    }
    if (Files.getFileStore(folder).getUsableSpace() < sizeBytes) {
      throw new CliException(
          "not enough space in " + folder + " for " + ByteSize.format(sizeBytes));
    }
    final byte[] random = new byte[6];
    new SecureRandom().nextBytes(random);
    final String suffix = ".ashlar-" + HexFormat.of().formatHex(random);
    return new NewFile(target, folder.resolve("." + target.getFileName() + suffix));
  }

  FileChannel channel() {
    return channel;
  }

  void complete() throws IOException {
    channel.force(true);
    channel.close();
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    cleanup.cancel();
  }

  @Override
  public void close() throws IOException {
    channel.close();
    cleanup.run();
  }
}
