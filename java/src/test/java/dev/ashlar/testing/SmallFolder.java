package dev.ashlar.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A folder with little space, which a test can use up and give back; needs root. */
public final class SmallFolder implements AutoCloseable {
  private final Path path;

  /** Mounts a file system of its own; the test is skipped where that is not permitted. */
  public SmallFolder(final Path parent, final int mebibytes) throws IOException {
    path = Files.createDirectory(parent.resolve("small"));
    final int mounted =
        run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "tmpfs", path.toString());
    assumeTrue(mounted == 0, "mounting needs root");
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  private Path filler() {
    return path.resolve("filler");
  }

  /** Uses up all space but some bytes. */
  public void fill(final long exceptBytes) {
    final ByteBuffer bytes = ByteBuffer.allocate(4096);
    try (SeekableByteChannel to =
        Files.newByteChannel(filler(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (Files.getFileStore(path).getUsableSpace() > exceptBytes) {
        to.write(bytes.clear());
      }
    } catch (final IOException e) {
      assertThat(e).hasMessageContaining("No space left"); // others write too
    }
  }

  /** Gives back what {@link #fill} has used. */
  public void free() {
    try {
      Files.deleteIfExists(filler());
    } catch (final IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    run("umount", "-l", path.toString());
  }

  private static int run(final String... command) throws IOException {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
    } catch (final InterruptedException e) {
      throw new IOException(e);
    }
  }
}
