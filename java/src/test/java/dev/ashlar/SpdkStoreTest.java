package dev.ashlar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.internal.NativeSpdk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;

/** Stores, file systems and RocksDB on SPDK's bdevs, without huge pages. */
class SpdkStoreTest {
  private static final ChunkKey KEY = ChunkKey.of("k");

  @TempDir private Path folder;

  @BeforeAll
  static void needsSpdk() {
    SpdkExtension.assumeThere();
  }

  private static String malloc(final String name, final int blockBytes) {
    return """
        {"method": "bdev_malloc_create",
         "params": {"name": "%s", "num_blocks": %d, "block_size": %d}}"""
        .formatted(name, (64 << 20) / blockBytes, blockBytes);
  }

  private static String file(
      final String kind, final String name, final Path file, final int blockBytes) {
    return """
        {"method": "bdev_%s_create",
         "params": {"name": "%s", "filename": "%s", "block_size": %d}}"""
        .formatted(kind, name, file, blockBytes);
  }

  private static RuntimeOptions runtime(final String... methods) {
    return RuntimeOptions.builder()
        .spdk(
            SpdkExtension.options()
                .configuration(
                    "{\"subsystems\": [{\"subsystem\": \"bdev\", \"config\": [%s]}]}"
                        .formatted(String.join(", ", methods)))
                .build())
        .build();
  }

  private static ChunkStoreOptions.Builder store(final String bdev, final RuntimeOptions runtime) {
    return ChunkStoreOptions.builder()
        .device(Device.bdev(bdev))
        .runtime(runtime)
        .createIfMissing(true)
        .memoryBudget(ChunkStoreOptions.MIN_MEMORY_BUDGET_BYTES);
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void aStoreAndItsRocksDbAreOnOneBdevInOneEnvironment(final int blockBytes) {
    final RuntimeOptions runtime = runtime(malloc("Malloc0", blockBytes));
    final ByteBuffer read = ByteBuffer.allocate(3);
    try (ChunkStore store = ChunkStore.open(store("Malloc0", runtime).build())) {
      store.create(KEY);
      final ByteBuffer mebibyte = store.allocate(1 << 20);
      store.write(KEY, 0, mebibyte);
      store.write(KEY, 5, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      store.read(KEY, 5, read);
      assertThat(read.array()).containsExactly(1, 2, 3);
      assertThat(NativeSpdk.call("bdev_get_bdevs", "").text()).contains("\"Malloc0\"");
    }
    assertThat(NativeSpdk.isRunning()).isFalse();
  }

  @Test
  void whatIsOnAFileIsFoundAgain() throws IOException {
    final Path file = folder.resolve("disk");
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(64 << 20);
    }
    final RuntimeOptions runtime = runtime(file("aio", "Aio0", file, 512));
    try (ChunkStore store = ChunkStore.open(store("Aio0", runtime).build())) {
      store.create(KEY);
      store.write(KEY, 5, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }
    final ByteBuffer read = ByteBuffer.allocate(3);
    try (ChunkStore store = ChunkStore.open(store("Aio0", runtime).build())) {
      assertThat(store.stats().wasClean()).isTrue();
      store.read(KEY, 5, read);
      assertThat(read.array()).containsExactly(1, 2, 3);
    }
    // And without SPDK.
    final var plain =
        ChunkStoreOptions.builder()
            .device(Device.file(file))
            .memoryBudget(ChunkStoreOptions.MIN_MEMORY_BUDGET_BYTES);
    try (ChunkStore store = ChunkStore.open(plain.build())) {
      store.read(KEY, 5, read.clear());
      assertThat(read.array()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void rocksDbRunsOnABlobFsOnABdev() throws Exception {
    final var options =
        BlobFsOptions.builder()
            .device(Device.bdev("Malloc0"))
            .runtime(runtime(malloc("Malloc0", 4096)))
            .createIfMissing(true)
            .build();
    try (BlobFs fs = BlobFs.open(options);
        Options rocks = new Options().setCreateIfMissing(true).setEnv(fs.rocksEnv());
        RocksDB db = RocksDB.open(rocks, "/db")) {
      db.put("a".getBytes(UTF_8), "1".getBytes(UTF_8));
      assertThat(db.get("a".getBytes(UTF_8))).isEqualTo("1".getBytes(UTF_8));
    }
  }

  @Test
  void failuresNameTheRemedyAndABetterAttemptWorks() {
    final RuntimeOptions bad = runtime("{\"method\": \"bdev_nonsense\"}");
    assertThatThrownBy(() -> ChunkStore.open(store("Malloc0", bad).build()))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("bdev_nonsense");
    final RuntimeOptions good = runtime(malloc("Malloc0", 4096));
    assertThatThrownBy(() -> ChunkStore.open(store("Malloc7", good).build()))
        .isInstanceOf(NoSuchDeviceException.class)
        .hasMessageContaining("Malloc7");
    try (ChunkStore store = ChunkStore.open(store("Malloc0", good).build())) {
      assertThatThrownBy(() -> ChunkStore.open(store("Malloc0", good).build()))
          .isInstanceOf(StoreBusyException.class);
      assertThat(store.list("").hasNext()).isFalse();
    }
  }

  @Test
  void aBdevWithoutFlushNeedsAnAssurance() throws IOException {
    final Path file = folder.resolve("disk");
    try (var disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(64 << 20);
    }
    final RuntimeOptions runtime = runtime(file("uring", "U", file, 4096));
    assertThatThrownBy(() -> ChunkStore.open(store("U", runtime).build()))
        .isInstanceOf(UnsupportedDeviceException.class)
        .hasMessageContaining("non_volatile_cache");
    final var assured = store("U", runtime).device(Device.bdev("U").withNonVolatileCache());
    try (ChunkStore store = ChunkStore.open(assured.build())) {
      store.create(KEY);
    }
  }

  /** SPDK's handler would end the process. */
  @Test
  void aMappedFileThatWasCutIsStillAnErrorOfJava() throws IOException {
    final Path file = folder.resolve("mapped");
    try (ChunkStore store =
            ChunkStore.open(store("Malloc0", runtime(malloc("Malloc0", 4096))).build());
        var access = new RandomAccessFile(file.toFile(), "rw")) {
      access.setLength(1 << 20);
      final ByteBuffer mapped = access.getChannel().map(FileChannel.MapMode.READ_ONLY, 0, 1 << 20);
      access.setLength(0);
      assertThatThrownBy(
              () -> {
                mapped.get(1 << 19);
                Thread.sleep(1); // compiled code is told of it a little later
              })
          .isInstanceOf(InternalError.class);
      store.create(KEY);
    }
  }
}
