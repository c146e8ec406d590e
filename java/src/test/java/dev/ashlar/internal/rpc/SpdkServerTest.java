package dev.ashlar.internal.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ashlar.AshlarRuntime;
import dev.ashlar.RuntimeOptions;
import dev.ashlar.SpdkExtension;
import dev.ashlar.internal.NativeSpdk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** SPDK's own methods and ours, on one socket. */
@Timeout(120)
class SpdkServerTest {
  private static final int ENODEV = -19;

  @TempDir private Path temp;
  private Server server;
  private RpcClient client;

  @BeforeEach
  void start() throws IOException {
    SpdkExtension.assumeThere();
    final Path socket = temp.resolve("run/rpc.sock");
    server =
        Server.start(
            socket,
            RuntimeOptions.builder().reactors(1).spdk(SpdkExtension.options().build()).build(),
            true);
    client = new RpcClient(socket);
  }

  @AfterEach
  void stop() throws IOException {
    if (server != null) {
      client.close();
      server.close();
      assertThat(NativeSpdk.isRunning()).as("its end is that of SPDK").isFalse();
    }
  }

  private void malloc(final String name) throws IOException {
    client.call("bdev_malloc_create", "name", name, "num_blocks", 16384, "block_size", 4096);
  }

  @Test
  void methodsOfBothAreListedAndAnswered() throws IOException {
    final String mine = "test_" + UUID.randomUUID();
    AshlarRuntime.register(mine, params -> "mine");
    assertThat(client.call("rpc_get_methods").toString())
        .contains("\"bdev_null_create\"", "\"ashlar_store_open\"", "\"blobfs_mount\"", mine);
    assertThat(client.call("rpc_get_methods", "current", true).toString())
        .contains("\"bdev_get_bdevs\"")
        .doesNotContain("\"iobuf_set_options\"");
    assertThat(client.call("spdk_get_version").get("version").textValue()).startsWith("SPDK v");
    assertThat(client.call(mine).textValue()).isEqualTo("mine");
    assertThat(client.error("bdev_nobody_create").get("code").intValue()).isEqualTo(-32601);
    client.call("framework_wait_init");
  }

  @Test
  void bdevsAreSpdks() throws IOException {
    malloc("M");
    final JsonNode bdev = client.call("bdev_get_bdevs", "name", "M").get(0);
    assertThat(bdev.get("product_name").textValue()).isEqualTo("Malloc disk");
    assertThat(bdev.at("/supported_io_types/write_zeroes").booleanValue()).isTrue();
    assertThat(AshlarRuntime.bdevs()).as("of ours").isEmpty();
    assertThat(client.error("bdev_get_bdevs", "name", "N").get("code").intValue())
        .isEqualTo(ENODEV);
    final Path disk = temp.resolve("disk");
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(64 << 20);
    }
    client.call("bdev_aio_create", "name", "A", "filename", disk.toString(), "block_size", 512);
    client.call("blobfs_create", "bdev_name", "A");
    // Of all bdevs: what asks for one is called otherwise in each version.
    assertThat(client.call("bdev_get_iostat").findValuesAsText("bytes_written"))
        .anyMatch(bytes -> Long.parseLong(bytes) > 0);
    client.call("bdev_aio_delete", "name", "A");
    client.call("bdev_malloc_delete", "name", "M");
    assertThat(client.call("bdev_get_bdevs")).isEmpty();
  }

  @Test
  void theConfigurationIsSavedAndLoaded() throws IOException {
    malloc("M");
    final JsonNode saved = client.call("save_config");
    assertThat(saved.toString()).contains("\"bdev_malloc_create\"", "\"bdev_set_options\"");
    client.call("bdev_malloc_delete", "name", "M");
    client.call("load_config", "subsystems", saved.get("subsystems"));
    assertThat(client.call("save_config")).isEqualTo(saved);
  }

  @Test
  void storesAndFilesAreThoseOfSpdksBdevs() throws IOException {
    malloc("M");
    malloc("F");
    final String alias = client.call("bdev_get_bdevs", "name", "M").at("/0/uuid").textValue();
    client.call("ashlar_store_open", "bdev_name", alias, "create", true);
    assertThat(client.call("ashlar_store_info", "bdev_name", "M").get("backend").textValue())
        .isEqualTo("spdk");
    assertThat(client.call("ashlar_fs_list", "bdev_name", "M").findValuesAsText("name"))
        .contains("/metadata/CURRENT");
    assertThat(client.call("bdev_get_bdevs", "name", "M").at("/0/claimed").booleanValue()).isTrue();
    assertThat(client.call("framework_get_reactors").get("reactors")).isNotEmpty();
    assertThat(client.call("blobfs_detect", "bdev_name", "F").booleanValue()).isFalse();
    client.call("blobfs_create", "bdev_name", "F");
    assertThat(client.call("blobfs_detect", "bdev_name", "F").booleanValue()).isTrue();
    assertThat(client.error("blobfs_create", "bdev_name", "N").get("code").intValue())
        .isEqualTo(ENODEV);
    client.call("ashlar_store_close", "bdev_name", "M");
  }

  @Test
  void filesOfABdevAreMountedAndThoseOfAStoreReadOnly() throws IOException {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "needs /dev/fuse");
    malloc("M");
    malloc("S");
    final Path files = Files.createDirectory(temp.resolve("files"));
    final Path store = Files.createDirectory(temp.resolve("store"));
    client.call("blobfs_create", "bdev_name", "M");
    client.call("blobfs_mount", "bdev_name", "M", "mountpoint", files.toString());
    Files.writeString(files.resolve("a"), "hello");
    assertThat(files.resolve("a")).hasContent("hello");
    client.call("ashlar_store_open", "bdev_name", "S", "create", true);
    client.call("blobfs_mount", "bdev_name", "S", "mountpoint", store.toString());
    assertThat(Files.readString(store.resolve("metadata/CURRENT"))).startsWith("MANIFEST-");
    Assertions.assertThatThrownBy(() -> Files.writeString(store.resolve("x"), "x"))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("Read-only");
    server.close();
    assertThat(files).isEmptyDirectory();
    assertThat(store).isEmptyDirectory();
  }
}
