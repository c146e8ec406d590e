package dev.ashlar.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.AshlarRuntime;
import dev.ashlar.testing.Eventually;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeCommandTest {

  @TempDir private Path temp;
  private Path config;

  @BeforeEach
  void writeConfig() throws IOException {
    config =
        Files.writeString(
            temp.resolve("rocksdb.json"),
            """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_malloc_create",
               "params": {"name": "Malloc0", "num_blocks": 131072, "block_size": 512}}]}]}
            """);
  }

  @AfterEach
  void deleteBdevs() {
    AshlarRuntime.bdevs().forEach(AshlarRuntime::deleteBdev);
  }

  @Test
  void servesItsConfigurationUntilAClientEndsIt() throws Exception {
    final Path socket = temp.resolve("run/rpc.sock");
    final var run =
        CompletableFuture.supplyAsync(() -> Cli.run("serve", "--config", config, "--rpc", socket));
    Eventually.isTrue("it serves", () -> run.isDone() || isServed(socket));
    try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.connect(UnixDomainSocketAddress.of(socket));
      assertThat(ask(client, "{\"method\":\"bdev_get_bdevs\",\"id\":1}")).contains("\"Malloc0\"");
      ask(
          client,
          "{\"method\":\"spdk_kill_instance\",\"params\":{\"sig_name\":\"SIGINT\"},\"id\":2}");
    }
    assertThat(run.get(20, TimeUnit.SECONDS).ok().text()).contains("serving " + socket);
    assertThat(socket).doesNotExist();
  }

  private static boolean isServed(final Path socket) {
    try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return client.connect(UnixDomainSocketAddress.of(socket));
    } catch (final IOException e) {
      return false; // not yet
    }
  }

  private static String ask(final SocketChannel client, final String request) throws IOException {
    client.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
    final ByteBuffer answer = ByteBuffer.allocate(1 << 16);
    client.read(answer);
    return StandardCharsets.UTF_8.decode(answer.flip()).toString();
  }

  @Test
  void withAConfigurationDevicesAreNamesOfBdevs() {
    assertThat(Cli.run("fs", "mkfs", "--config", config, "Malloc0").ok().text())
        .contains("Malloc0: new file system of 63.0 MiB");
    deleteBdevs();
    assertThat(Cli.run("mkfs", "--config", config, "Malloc0").ok().text())
        .contains("Malloc0: new store");
    deleteBdevs();
    Cli.run("fs", "ls", "--config", config, "Malloc1")
        .failed(Main.EXIT_FAILED, "there is no bdev named Malloc1");
  }

  @Test
  void aWrongConfigurationIsAnErrorThatNamesThePlace() throws IOException {
    Files.writeString(config, "{\"subsystems\":[{\"subsystem\":\"disks\"}]}");
    Cli.run("serve", "--config", config, "--rpc", temp.resolve("run/rpc.sock"))
        .failed(Main.EXIT_FAILED, "rocksdb.json, line 1, /subsystems/0", "\"disks\"");
  }
}
