package dev.ashlar.internal.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ashlar.AshlarRuntime;
import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsMount;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.RuntimeOptions;
import dev.ashlar.testing.Eventually;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Mounts that this process serves itself. */
@Timeout(60)
class ServedMountTest {
  private static final String LIBRARY = "/META-INF/native/linux-x86_64/libashlar_mount.so";
  private static final String DEVICE = "Mount0";

  @TempDir private Path temp;
  private Path folder;
  private Server server;
  private RpcClient client;

  @BeforeEach
  void start() throws IOException {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "needs /dev/fuse");
    assumeTrue(getClass().getResource(LIBRARY) != null, "built without FUSE");
    folder = Files.createDirectory(temp.resolve("folder"));
    server = Server.start(temp.resolve("run/rpc.sock"), RuntimeOptions.defaults(), true);
    client = new RpcClient(temp.resolve("run/rpc.sock"));
    client.call("bdev_malloc_create", "name", DEVICE, "num_blocks", 16384, "block_size", 4096);
  }

  @AfterEach
  void stop() throws Exception {
    if (server != null) {
      client.close();
      server.close();
      unmount("-q", "-l"); // what a failed test has left
      AshlarRuntime.bdevs().forEach(AshlarRuntime::deleteBdev);
    }
  }

  private int unmount(final String... options) throws Exception {
    return new ProcessBuilder(
            Stream.concat(
                    Stream.concat(Stream.of("umount"), Stream.of(options)),
                    Stream.of(folder.toString()))
                .toList())
        .start()
        .waitFor();
  }

  private void createAndMount() throws IOException {
    client.call("blobfs_create", "bdev_name", DEVICE);
    mount();
  }

  private void mount() throws IOException {
    client.call("blobfs_mount", "bdev_name", DEVICE, "mountpoint", folder.toString());
  }

  private boolean isClaimed() {
    try {
      return client.call("bdev_get_bdevs").at("/0/claimed").booleanValue();
    } catch (final IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static BlobFs open() {
    return BlobFs.open(BlobFsOptions.builder().device(Device.bdev(DEVICE)).build());
  }

  @Test
  void filesOfTheFolderAreThoseOfTheDevice() throws Exception {
    createAndMount();
    Files.createDirectory(folder.resolve("a"));
    Files.writeString(folder.resolve("a/b"), "hello");
    assertThat(folder.resolve("a/b")).hasContent("hello");
    assertThat(isClaimed()).isTrue();
    assertThat(client.call("ashlar_fs_list", "bdev_name", DEVICE).findValuesAsText("name"))
        .contains("/a/b");
    assertThat(unmount()).isZero();
    Eventually.isTrue("the device is free", () -> !isClaimed());
    try (BlobFs fs = open()) {
      assertThat(fs.stat("/a/b").sizeBytes()).isEqualTo(5);
    }
    mount();
    assertThat(folder.resolve("a/b")).hasContent("hello");
  }

  @Test
  void aFolderThatIsInTheWayIsNamed() throws IOException {
    client.call("blobfs_create", "bdev_name", DEVICE);
    Files.writeString(folder.resolve("file"), "x");
    assertThat(client.error("blobfs_mount", "bdev_name", DEVICE, "mountpoint", folder.toString()))
        .asString()
        .contains("is not empty");
    assertThat(client.error("blobfs_mount", "bdev_name", DEVICE, "mountpoint", "there"))
        .asString()
        .contains("an absolute path");
    assertThat(isClaimed()).isFalse();
  }

  @Test
  void theEndOfTheServerUnmountsAndKeepsWhatWasWritten() throws IOException {
    createAndMount();
    try (FileChannel open =
        FileChannel.open(
            folder.resolve("open"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      open.write(ByteBuffer.wrap(new byte[3000]));
      server.close();
      assertThat(folder).isEmptyDirectory();
      open.write(ByteBuffer.wrap(new byte[1]));
      assertThatThrownBy(() -> open.force(true)).isInstanceOf(IOException.class);
    } catch (final IOException e) {
      assertThat(e).as("closing tells of it, too").hasMessageContaining("error");
    }
    try (BlobFs fs = open()) {
      assertThat(fs.stat("/open").sizeBytes()).isEqualTo(3000);
    }
  }

  @Test
  void theFilesOfAnOpenStoreAreMountedReadOnly() throws IOException {
    try (ChunkStore store =
        ChunkStore.open(
            ChunkStoreOptions.builder()
                .device(Device.bdev(DEVICE))
                .createIfMissing(true)
                .build())) {
      mount();
      assertThat(folder.resolve("metadata/CURRENT")).isRegularFile();
      assertThatThrownBy(() -> Files.writeString(folder.resolve("x"), "x"))
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining("Read-only");
      store.create(ChunkKey.of("k"));
      assertThat(Files.readString(folder.resolve("metadata/CURRENT"))).startsWith("MANIFEST-");
    }
    // The store has been closed under the mount.
    assertThatThrownBy(() -> Files.readAllBytes(folder.resolve("metadata/CURRENT")))
        .isInstanceOf(IOException.class);
    server.close();
    assertThat(folder).isEmptyDirectory();
    try (ChunkStore store =
        ChunkStore.open(ChunkStoreOptions.builder().device(Device.bdev(DEVICE)).build())) {
      assertThat(store.exists(ChunkKey.of("k"))).isTrue();
      assertThat(store.stats().wasClean()).isTrue();
    }
  }

  @Test
  void aProgramMountsABdevAsItDoesADevice() throws IOException {
    client.call("blobfs_create", "bdev_name", DEVICE);
    final BlobFsOptions options = BlobFsOptions.builder().device(Device.bdev(DEVICE)).build();
    try (BlobFsMount mount = BlobFsMount.start(options, folder)) {
      assertThat(mount.description()).contains(DEVICE + " is mounted on " + folder);
      Files.writeString(folder.resolve("a"), "1");
      assertThat(mount.isMounted()).isTrue();
    }
    assertThat(folder).isEmptyDirectory();
    try (BlobFs fs = open()) {
      assertThat(fs.list("")).containsExactly("/a");
    }
  }
}
