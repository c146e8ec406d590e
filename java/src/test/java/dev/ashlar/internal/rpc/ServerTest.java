package dev.ashlar.internal.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ashlar.AshlarRuntime;
import dev.ashlar.BadConfigurationException;
import dev.ashlar.BlobFs;
import dev.ashlar.BlobFsOptions;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.RpcException;
import dev.ashlar.RpcServer;
import dev.ashlar.RuntimeOptions;
import dev.ashlar.StoreBusyException;
import dev.ashlar.internal.Bdevs;
import dev.ashlar.testing.Eventually;
import dev.ashlar.testing.Seed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ServerTest {
  private static final int EBUSY = -16;
  private static final int EEXIST = -17;
  private static final int ENODEV = -19;

  @TempDir private Path temp;
  private Path socket;
  private Server server;

  @BeforeEach
  void name() {
    socket = temp.resolve("run/rpc.sock");
  }

  @AfterEach
  void close() {
    if (server != null) {
      server.close();
    }
    AshlarRuntime.bdevs().forEach(AshlarRuntime::deleteBdev);
  }

  private RpcClient connect() throws IOException {
    return new RpcClient(socket);
  }

  private void start() {
    start(Limits.DEFAULT);
  }

  private void start(final Limits limits) {
    server = Server.start(socket, RuntimeOptions.defaults(), true, limits);
  }

  // --- methods -----------------------------------------------------------------------------------

  @Test
  void bdevsAreMadeListedAndDeleted() throws IOException {
    start();
    Files.write(temp.resolve("disk"), new byte[8192]);
    try (RpcClient client = connect()) {
      assertThat(client.call("rpc_get_methods").toString()).contains("\"bdev_malloc_create\"");
      assertThat(client.call("spdk_get_version").at("/fields/major").isInt()).isTrue();
      final String name =
          client.call("bdev_malloc_create", "num_blocks", 131072, "block_size", 512).textValue();
      client.call("bdev_aio_create", "name", "A", "filename", temp.resolve("disk").toString());
      assertThat(
              client.error("bdev_aio_create", "name", "A", "filename", "/x").get("code").intValue())
          .isEqualTo(EEXIST);
      final JsonNode all = client.call("bdev_get_bdevs");
      assertThat(all.findValuesAsText("name")).containsExactly(name, "A");
      assertThat(all.at("/0/num_blocks").longValue()).isEqualTo(131072);
      assertThat(all.at("/0/claimed").booleanValue()).isFalse();
      assertThat(all.at("/1/driver_specific/aio/filename").textValue()).endsWith("/disk");
      assertThat(client.call("bdev_get_bdevs", "name", "A")).hasSize(1);
      assertThat(client.error("bdev_aio_delete", "name", name).get("message").textValue())
          .contains("bdev_malloc_create");
      final String alias = all.at("/0/aliases/0").textValue();
      assertThat(client.call("bdev_get_bdevs", "name", alias).at("/0/name").textValue())
          .isEqualTo(name);
      assertThat(client.call("bdev_malloc_delete", "name", alias).booleanValue()).isTrue();
      assertThat(client.error("bdev_get_bdevs", "name", name).get("code").intValue())
          .isEqualTo(ENODEV);
    }
  }

  /** What newer versions of SPDK's rpc.py send, with what each parameter stands for here. */
  @Test
  void theParametersOfNewerClientsAreUnderstood() throws IOException {
    start();
    Files.write(temp.resolve("disk"), new byte[8192]);
    final String disk = temp.resolve("disk").toString();
    final String uuid = "3f2a9c1e-0d5b-4c6a-9e1f-7b8a2c4d6e0f";
    try (RpcClient client = connect()) {
      client.call(
          "bdev_malloc_create", "name", "M", "num_blocks", 8, "block_size", 512, "numa_id", -1);
      client.call(
          "bdev_aio_create",
          "name",
          "A",
          "filename",
          disk,
          "fallocate",
          true,
          "nowait",
          false,
          "uuid",
          uuid);
      client.call("bdev_uring_create", "name", "U", "filename", disk);
      assertThat(client.call("bdev_get_bdevs", "name", "A").at("/0/uuid").textValue())
          .isEqualTo(uuid);
      assertThat(
              client
                  .call("bdev_get_iostat", "names", List.of("U", "A"), "per_channel", false)
                  .findValuesAsText("name"))
          .containsExactly("U", "A");
      assertThat(client.error("bdev_get_iostat", "names", List.of("B")).get("code").intValue())
          .isEqualTo(ENODEV);
      assertThat(client.error("bdev_get_iostat", "names", "A").asText()).isNotNull();
      assertThat(client.error("bdev_get_iostat", "reset_mode", "all").get("message").textValue())
          .contains("reset_mode");
      assertThat(client.call("framework_get_config", "name", "bdev", "with_batches", false))
          .isEqualTo(client.call("framework_get_config", "name", "bdev"));
    }
  }

  @Test
  void aBdevThatIsMadeWithinTheTimeIsWaitedFor() throws Exception {
    start();
    try (RpcClient waiting = connect();
        RpcClient making = connect()) {
      final var bdevs =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return waiting.call("bdev_get_bdevs", "name", "M", "timeout", 30_000);
                } catch (final IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      making.call("bdev_malloc_create", "name", "M", "num_blocks", 8, "block_size", 512);
      assertThat(bdevs.get().at("/0/name").textValue()).isEqualTo("M");
      assertThat(making.error("bdev_get_bdevs", "name", "N", "timeout", 1).get("code").intValue())
          .isEqualTo(ENODEV);
    }
  }

  @Test
  void theConfigurationIsSavedAndLoaded() throws IOException {
    start();
    try (RpcClient client = connect()) {
      client.call("bdev_malloc_create", "name", "M", "num_blocks", 8, "block_size", 512);
      final JsonNode saved = client.call("save_config");
      client.call("bdev_malloc_delete", "name", "M");
      client.call("load_config", "subsystems", saved.get("subsystems"));
      assertThat(client.call("save_config")).isEqualTo(saved);
      // As rpc.py puts it together itself.
      assertThat(client.call("framework_get_subsystems").at("/0/subsystem").textValue())
          .isEqualTo("bdev");
      assertThat(client.call("framework_get_config", "name", "bdev"))
          .isEqualTo(saved.at("/subsystems/0/config"));
      final var methods = client.call("rpc_get_methods", "current", true);
      saved
          .findValuesAsText("method")
          .forEach(method -> assertThat(methods.toString()).contains('"' + method + '"'));
    }
  }

  @Test
  void blobFsIsMadeAndListed() throws IOException {
    start();
    try (RpcClient client = connect()) {
      client.call("bdev_malloc_create", "name", "M", "num_blocks", 16384, "block_size", 4096);
      assertThat(client.call("blobfs_detect", "bdev_name", "M").booleanValue()).isFalse();
      assertThat(client.error("blobfs_mount", "bdev_name", "M", "mountpoint", "/tmp"))
          .asString()
          .contains("No blobfs detected");
      client.call("blobfs_set_cache_size", "size_in_mb", 16);
      client.call("blobfs_create", "bdev_name", "M", "cluster_sz", "1m");
      assertThat(client.call("blobfs_detect", "bdev_name", "M").booleanValue()).isTrue();
      assertThat(client.error("blobfs_create", "bdev_name", "M").get("code").intValue())
          .isEqualTo(EEXIST);
      client.call("blobfs_create", "bdev_name", "M", "cluster_sz", 65536, "force", true);
      try (BlobFs fs = BlobFs.open(BlobFsOptions.builder().device(Device.bdev("M")).build())) {
        fs.create("/db/a").close();
        assertThat(client.call("ashlar_fs_list", "bdev_name", "M").findValuesAsText("name"))
            .containsExactly("/db/a");
        assertThat(fs.stats().clusterBytes()).isEqualTo(65536);
        assertThat(client.error("bdev_malloc_delete", "name", "M").get("code").intValue())
            .isEqualTo(EBUSY);
      }
      assertThat(client.call("ashlar_fs_list", "bdev_name", "M", "prefix", "/db/")).hasSize(1);
      assertThat(client.call("bdev_get_iostat").at("/bdevs/0/num_write_ops").longValue())
          .isPositive();
    }
  }

  @Test
  void storesAreOpenedLookedAtAndClosed() throws IOException {
    start();
    try (RpcClient client = connect()) {
      client.call("bdev_malloc_create", "name", "M", "num_blocks", 16384, "block_size", 4096);
      client.call("ashlar_store_open", "bdev_name", "M", "create", true);
      assertThat(client.call("bdev_get_bdevs").at("/0/claimed").booleanValue()).isTrue();
      assertThat(client.call("framework_get_reactors").at("/reactors/0/busy").isNumber()).isTrue();
      assertThat(client.call("thread_get_stats").at("/threads/0/name").textValue())
          .isEqualTo("reactor_0");
      assertThat(client.call("ashlar_store_info", "bdev_name", "M").get("chunks").intValue())
          .isZero();
      assertThat(client.call("ashlar_fs_list", "bdev_name", "M").findValuesAsText("name"))
          .contains("/metadata/CURRENT");
      client.call("ashlar_store_close", "bdev_name", "M");
      assertThat(client.error("ashlar_store_close", "bdev_name", "M").get("code").intValue())
          .isEqualTo(ENODEV);
    }
  }

  @Test
  void storesOfTheProgramAreSeenAndNotClosed() throws IOException {
    final ChunkStoreOptions options =
        ChunkStoreOptions.builder()
            .device(Device.memory(64 << 20))
            .runtime(RuntimeOptions.builder().rpcSocket(socket).build())
            .build();
    try (ChunkStore store = ChunkStore.open(options);
        RpcClient client = connect()) {
      for (int i = 0; i < 5; i++) {
        store.create(ChunkKey.of("a", i));
      }
      assertThat(
              client
                  .call("ashlar_chunk_list", "bdev_name", "memory", "after", "a#1", "limit", 2)
                  .findValuesAsText("key"))
          .containsExactly("a#2", "a#3");
      assertThat(
              client
                  .call("ashlar_chunk_stat", "bdev_name", "memory", "key", "a#4")
                  .get("size_bytes")
                  .longValue())
          .isZero();
      assertThat(client.error("ashlar_chunk_stat", "bdev_name", "memory", "key", "b"))
          .asString()
          .contains("-2");
      assertThat(client.call("ashlar_metrics").at("/stores/memory/chunks").longValue())
          .isEqualTo(5);
      assertThat(client.error("ashlar_store_close", "bdev_name", "memory").get("code").intValue())
          .isEqualTo(EBUSY);
      assertThat(client.error("spdk_kill_instance", "sig_name", "SIGTERM").get("code").intValue())
          .isEqualTo(-1);
    }
    assertThat(socket).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"SIGTERM", "15"})
  void aClientMayEndAServerThatIsThereForItsClients(final String signal) throws Exception {
    try (RpcServer own = AshlarRuntime.serve(RuntimeOptions.builder().rpcSocket(socket).build());
        RpcClient client = connect()) {
      assertThat(client.error("spdk_kill_instance", "sig_name", "SIGSTOP"))
          .asString()
          .contains("SIGTERM=15");
      client.call("spdk_kill_instance", "sig_name", signal);
      own.await();
    }
    assertThat(socket).doesNotExist();
  }

  /** They stay as long as the process. */
  private static String newMethodName() {
    return "test_" + UUID.randomUUID();
  }

  @Test
  void programsAddMethods() throws IOException {
    start();
    final String method = newMethodName();
    AshlarRuntime.register(
        method,
        params -> {
          if (!(params.get("n") instanceof Integer n)) {
            throw new RpcException(RpcException.INVALID_PARAMETERS, "n must be a number");
          }
          return Map.of("doubled", 2 * n, "list", List.of("x"));
        });
    assertThatThrownBy(() -> AshlarRuntime.register(method, params -> 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> AshlarRuntime.register("save_config", params -> 1))
        .isInstanceOf(IllegalArgumentException.class);
    try (RpcClient client = connect()) {
      assertThat(client.call("rpc_get_methods").toString()).contains("\"" + method + "\"");
      assertThat(client.call(method, "n", 4).toString())
          .contains("\"doubled\":8", "\"list\":[\"x\"]");
      assertThat(client.error(method).get("code").intValue()).isEqualTo(-32602);
    }
  }

  @Test
  void othersAreAskedForMethodsThatAreNotHere() throws Exception {
    final MethodSource other =
        new MethodSource() {
          @Override
          public java.util.Set<String> names() {
            return java.util.Set.of("nvmf_get_subsystems");
          }

          @Override
          public Object call(
              final String method, final com.fasterxml.jackson.databind.node.ObjectNode params) {
            return method + params;
          }
        };
    final Methods methods = new Methods().add("mine", params -> 1).addSource(other);
    assertThat(methods.names()).containsExactly("mine", "nvmf_get_subsystems");
    assertThat(methods.call("nvmf_get_subsystems", Json.MAPPER.createObjectNode()))
        .isEqualTo("nvmf_get_subsystems{}");
  }

  // --- clients -----------------------------------------------------------------------------------

  @Test
  void requestsInOneBreathAndInCrumbsAreAnswered() throws IOException {
    start();
    try (RpcClient client = connect()) {
      client.send("{\"method\":\"rpc_get_methods\",\"id\":1}{\"method\":\"nobody\",\"id\":2}");
      for (final char c : "[{\"method\":\"spdk_get_version\",\"id\":\"x\"}]".toCharArray()) {
        client.send(String.valueOf(c));
      }
      assertThat(client.receive().get("id").intValue()).isEqualTo(1);
      assertThat(client.receive().at("/error/code").intValue()).isEqualTo(-32601);
      assertThat(client.receive().at("/0/id").textValue()).isEqualTo("x");
      client.end();
      assertThat(client.receive()).isNull();
    }
  }

  @Test
  void aMebibyteAndThirtyTwoLevelsAreServed() throws IOException {
    start();
    final String head = "{\"method\":\"nobody\",\"id\":1,\"params\":{\"a\":";
    final String deep = head + "[".repeat(30) + "]".repeat(30) + "}}";
    final String large = head + '"' + "x".repeat(Json.MAX_BYTES - head.length() - 4) + "\"}}";
    for (final String message : List.of(deep, large)) {
      try (RpcClient client = connect()) {
        client.send(message);
        assertThat(client.receive().at("/error/code").intValue()).isEqualTo(-32601);
      }
    }
  }

  @Test
  void whatIsTooLongTooDeepOrNoJsonIsToldSoAndHungUpOn() throws IOException {
    start();
    final String deep = "[".repeat(Json.MAX_DEPTH + 1);
    for (final String message : List.of(deep, "{]", "}", "GET / HTTP/1.1\r\n\r\n")) {
      try (RpcClient client = connect()) {
        client.send(message);
        assertThat(client.receive().at("/error/code").intValue()).isEqualTo(-32700);
        assertThat(client.isHungUp()).isTrue();
      }
    }
    try (RpcClient client = connect()) {
      final byte[] long1 = ("{\"" + "x".repeat(Json.MAX_BYTES)).getBytes();
      client.send(long1);
      assertThat(client.isHungUp()).isTrue();
    } catch (final IOException e) {
      assertThat(e).hasMessageContaining("Broken pipe"); // hung up on while it was still sending
    }
    assertServes();
  }

  private void assertServes() throws IOException {
    try (RpcClient client = connect()) {
      assertThat(client.call("spdk_get_version").get("version").textValue()).contains("Ashlar");
    }
  }

  @Test
  void moreClientsThanAllowedAreHungUpOn() throws Exception {
    start(new Limits(3, Duration.ofMinutes(1)));
    final List<RpcClient> clients = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      clients.add(connect());
      clients.get(i).call("spdk_get_version");
    }
    try (RpcClient oneMore = connect()) {
      assertThat(oneMore.isHungUp()).isTrue();
    }
    clients.get(0).close();
    final AtomicBoolean room = new AtomicBoolean(); // asked twice, and the room is taken then
    Eventually.isTrue(
        "there is room again",
        () -> {
          room.compareAndSet(false, room.get() || isWelcome());
          return room.get();
        });
    clients.get(1).call("spdk_get_version");
    for (final RpcClient client : clients) {
      client.close();
    }
  }

  @Test
  void thereIsRoomForSixtyFourClients() throws Exception {
    start();
    final List<RpcClient> clients = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      clients.add(connect());
    }
    for (final RpcClient client : clients) {
      client.call("spdk_get_version");
    }
    try (RpcClient oneMore = connect()) {
      assertThat(oneMore.isHungUp()).isTrue();
    }
    for (final RpcClient client : clients) {
      client.close();
    }
  }

  private boolean isWelcome() {
    try (RpcClient client = connect()) {
      client.send("{\"method\":\"spdk_get_version\",\"id\":1}");
      return client.receive() != null;
    } catch (final IOException e) {
      return false;
    }
  }

  /**
   * Many clients send garbage, parts of requests and requests; the server goes on as if nothing.
   */
  @Test
  void garbageFromManyClientsDoesNotHarmTheServer() throws Exception {
    start();
    final SplittableRandom seeds = Seed.random("ServerTest");
    final List<Thread> threads =
        IntStream.range(0, 8)
            .mapToObj(i -> seeds.split())
            .map(random -> new Thread(() -> sendGarbage(random)))
            .toList();
    threads.forEach(Thread::start);
    for (final Thread thread : threads) {
      thread.join();
    }
    assertServes();
    assertThat(Bdevs.all()).isEmpty();
  }

  private void sendGarbage(final SplittableRandom random) {
    final String[] pieces = {
      "{",
      "}",
      "[",
      "]",
      "\"",
      ":",
      ",",
      "\\",
      "\"method\"",
      "\"id\"",
      "\"params\"",
      "1e999",
      "\"bdev_malloc_create\"",
      "{\"method\":\"bdev_get_bdevs\",\"id\":1}",
      "\u0000",
      "\uffff",
      "{\"method\":\"blobfs_mount\",\"params\":{\"bdev_name\":\"\",\"mountpoint\":\"/\"},\"id\":2}",
      "{\"method\":\"bdev_get_bdevs\",\"params\":{\"name\":[{}]},\"id\":{}}"
    };
    for (int round = 0; round < 60; round++) {
      try (RpcClient client = connect()) {
        for (int i = random.nextInt(20); i > 0; i--) {
          client.send(pieces[random.nextInt(pieces.length)]);
        }
        if (random.nextBoolean()) {
          client.end();
          assertThat(client.isHungUp()).isTrue();
        }
      } catch (final IOException e) {
        // hung up on
      }
    }
  }

  // --- the socket --------------------------------------------------------------------------------

  @Test
  void socketAndFolderAreTheUsersAlone() throws IOException {
    start();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())))
        .isEqualTo("rwx------");
  }

  @Test
  void aFolderThatOthersCanEnterIsRefused() throws IOException {
    Files.createDirectory(
        socket.getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---")));
    assertThatThrownBy(this::start)
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("0700");
  }

  @Test
  void whatIsNoSocketIsNotDeleted() throws IOException {
    Files.createDirectory(
        socket.getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.writeString(socket, "precious");
    assertThatThrownBy(this::start).isInstanceOf(BadConfigurationException.class);
    assertThat(socket).hasContent("precious");
  }

  @Test
  void aSocketThatIsServedIsNotTaken() throws IOException {
    start();
    assertThatThrownBy(() -> Server.start(socket, RuntimeOptions.defaults(), true))
        .isInstanceOf(StoreBusyException.class);
    assertServes();
  }

  @Test
  void aSocketOfAnotherProgramIsNotTakenAndADeadOneIs() throws IOException {
    Files.createDirectory(
        socket.getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try (ServerSocketChannel foreign = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      foreign.bind(UnixDomainSocketAddress.of(socket));
      assertThatThrownBy(this::start).isInstanceOf(StoreBusyException.class);
      assertThat(socket).exists();
    }
    assertThat(socket).exists(); // closing it does not remove it
    start();
    assertServes();
    server.close();
    assertThat(socket).doesNotExist();
  }

  @Test
  void closingHangsUpAndClosesWhatClientsHaveOpened() throws IOException {
    start();
    try (RpcClient client = connect()) {
      client.call("bdev_malloc_create", "name", "M", "num_blocks", 16384, "block_size", 4096);
      client.call("ashlar_store_open", "bdev_name", "M", "create", true);
      server.close();
      assertThat(client.isHungUp()).isTrue();
    }
    try (ChunkStore store =
        ChunkStore.open(ChunkStoreOptions.builder().device(Device.bdev("M")).build())) {
      assertThat(store.stats().wasClean()).isTrue();
    }
  }
}
