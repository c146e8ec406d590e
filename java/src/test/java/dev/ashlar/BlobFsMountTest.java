package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ashlar.cli.MountCommandRun;
import dev.ashlar.testing.Eventually;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobFsMountTest {

  private static final String PROGRAM = "/META-INF/native/linux-x86_64/ashlar-fuse";

  @TempDir private Path temp;
  private Path device;
  private Path folder;

  @BeforeEach
  void makeFileSystem() throws IOException {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "needs /dev/fuse");
    assumeTrue(getClass().getResource(PROGRAM) != null, "built without FUSE");
    device = temp.resolve("device");
    folder = Files.createDirectory(temp.resolve("folder"));
    BlobFs.format(options().size(64 << 20).build()).close();
  }

  /** Whatever a failed test has left would be in the way of removing the folder. */
  @AfterEach
  void unmount() throws Exception {
    if (folder != null) {
      new ProcessBuilder("umount", "-q", "-l", folder.toString()).start().waitFor();
    }
  }

  private BlobFsOptions.Builder options() {
    return BlobFsOptions.builder().device(Device.file(device));
  }

  @Test
  void filesOfAFolderAreThoseOfTheDevice() throws IOException {
    try (BlobFsMount mount = BlobFsMount.start(options().build(), folder)) {
      assertThat(mount.description()).contains(device + " is mounted on ");
      assertThat(mount.isMounted()).isTrue();
      Files.createDirectory(folder.resolve("a"));
      Files.writeString(folder.resolve("a/new"), "hello");
      Files.move(folder.resolve("a/new"), folder.resolve("a/b"), StandardCopyOption.ATOMIC_MOVE);
      assertThatThrownBy(() -> BlobFs.open(options().build()))
          .isInstanceOf(StoreBusyException.class);
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
    try (BlobFs fs = BlobFs.open(options().build())) {
      assertThat(fs.stat("/a/b").sizeBytes()).isEqualTo(5);
    }
  }

  @Test
  void whatCannotBeMountedIsAnExceptionOfItsKind() throws IOException {
    final BlobFsOptions options = options().build();
    assertThatThrownBy(() -> BlobFsMount.start(options, temp.resolve("no")))
        .isInstanceOf(NoSuchDeviceException.class)
        .hasMessageContaining("mount point");
    assertThatThrownBy(() -> BlobFsMount.start(options, temp))
        .isInstanceOf(StorageIoException.class)
        .hasMessageContaining("is not empty");
    final Path other = Files.writeString(temp.resolve("other"), "x".repeat(16 << 20));
    assertThatThrownBy(
            () ->
                BlobFsMount.start(
                    BlobFsOptions.builder().device(Device.file(other)).build(), folder))
        .isInstanceOf(WrongFormatException.class);
    assertThatThrownBy(
            () ->
                BlobFsMount.start(
                    BlobFsOptions.builder().device(Device.memory(64 << 20)).build(), folder))
        .isInstanceOf(BadConfigurationException.class);
    try (BlobFs open = BlobFs.open(options)) {
      assertThatThrownBy(() -> BlobFsMount.start(options, folder))
          .as(open.toString())
          .isInstanceOf(StoreBusyException.class);
    }
  }

  @Test
  void readOnlyAndBesideAStoreAsInBlobFs() throws IOException {
    Files.delete(device);
    final ChunkStoreOptions store =
        ChunkStoreOptions.builder().device(Device.file(device)).size(64 << 20).build();
    ChunkStore.format(store, true);
    try (BlobFsMount mount = BlobFsMount.start(options().build(), folder)) {
      assertThat(mount.description()).contains("read-only", "chunk store");
      assertThatThrownBy(() -> Files.writeString(folder.resolve("f"), "x"))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("Read-only");
    }
    try (BlobFsMount mount =
        BlobFsMount.start(options().writeBesideChunkStore(true).build(), folder)) {
      Files.writeString(folder.resolve("f"), "x");
      assertThat(mount.isMounted()).isTrue();
    }
  }

  @Test
  void closeWaitsForThoseWhoUseTheFolder() throws IOException {
    final BlobFsMount mount = BlobFsMount.start(options().build(), folder);
    try (FileChannel open =
        FileChannel.open(
            folder.resolve("f"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      mount.unmountLater();
      open.write(java.nio.ByteBuffer.wrap(new byte[10]));
      assertThat(mount.isMounted()).isTrue();
    }
    mount.await();
    assertThat(mount.isMounted()).isFalse();
    mount.close();
  }

  @Test
  void endOfTheProcessUnmounts() throws Exception {
    for (final boolean killed : new boolean[] {false, true}) {
      final Process command = MountCommandRun.start(device, folder);
      assertThat(command.inputReader().readLine()).contains("is mounted on");
      Files.writeString(folder.resolve("f"), "durable");
      if (killed) {
        command.destroyForcibly();
      } else {
        command.destroy();
      }
      command.waitFor();
      Eventually.isTrue("the device is free", this::deviceIsFree);
      try (BlobFs fs = BlobFs.open(options().readOnly(true).build())) {
        assertThat(fs.stat("/f").sizeBytes()).isEqualTo(7);
      }
      assertThat(folder).isEmptyDirectory();
    }
  }

  private boolean deviceIsFree() {
    try (BlobFs fs = BlobFs.open(options().readOnly(true).build())) {
      return fs.exists("/f");
    } catch (final StoreBusyException e) {
      return false;
    }
  }
}
