package dev.ashlar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.internal.NativeSpdk;
import dev.ashlar.internal.rocksdb.RocksLibrary;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;

/** What a program does that has everything on SPDK: one process, one environment. */
class SpdkExampleTest {
  private static final String CONFIGURATION =
      """
      {"subsystems": [{"subsystem": "bdev", "config": [
        /* as in the record */
        {"method": "bdev_malloc_create",
         "params": {"name": "Malloc0", "num_blocks": 262144, "block_size": 512}},
        {"method": "bdev_malloc_create",
         "params": {"name": "Malloc1", "num_blocks": 16384, "block_size": 4096}}]},
        {"subsystem": "scheduler", "config": [
          {"method": "framework_set_scheduler", "params": {"name": "static"}}]}]}
      """;

  @TempDir private Path folder;

  @BeforeEach
  void needsSpdk() {
    SpdkExtension.assumeThere();
    RocksLibrary.load();
  }

  @Test
  void chunksTheirMetadataAndADatabaseShareOneEnvironment() throws Exception {
    final Path file = Files.writeString(folder.resolve("rocksdb.json"), CONFIGURATION);
    final RuntimeOptions runtime =
        RuntimeOptions.builder()
            .spdk(SpdkExtension.options().configurationFile(file).build())
            .build();
    final ChunkStoreOptions options =
        ChunkStoreOptions.builder()
            .runtime(runtime)
            .device(Device.bdev("Malloc0"))
            .createIfMissing(true)
            .build();
    final BlobFsOptions files =
        BlobFsOptions.builder()
            .runtime(runtime)
            .device(Device.bdev("Malloc1"))
            .createIfMissing(true)
            .build();
    final ChunkKey key = ChunkKey.of("object", 1);
    // A database of the program's own, on a second bdev.
    try (BlobFs fs = BlobFs.open(files);
        Options database = new Options().setCreateIfMissing(true).setEnv(fs.rocksEnv());
        RocksDB db = RocksDB.open(database, "/db")) {
      // Chunks, and the RocksDB with their metadata, on the first.
      try (ChunkStore store = ChunkStore.open(options)) {
        assertThat(store.stats().backend()).isEqualTo("spdk");
        assertThat(store.stats().metadata()).contains("Malloc0");
        store.create(key);
        final ByteBuffer data = store.allocate(1 << 20); // DMA memory: moves without a copy
        store.write(key, 4711, data.put(0, (byte) 42));
        db.put("written".getBytes(UTF_8), "object#1".getBytes(UTF_8));
      }
      // What was in the memory of SPDK's bdev is there as long as SPDK runs.
      try (ChunkStore store = ChunkStore.open(options)) {
        final ByteBuffer back = store.allocate(1);
        store.read(key, 4711, back);
        assertThat(back.get(0)).isEqualTo((byte) 42);
        assertThat(store.stats().wasClean()).isTrue();
      }
      assertThat(db.get("written".getBytes(UTF_8))).isEqualTo("object#1".getBytes(UTF_8));
    }
    assertThat(NativeSpdk.isRunning()).as("the last has closed").isFalse();
    assertThatThrownBy(
            () ->
                ChunkStore.open(ChunkStoreOptions.builder().device(Device.bdev("Malloc0")).build()))
        .isInstanceOf(NoSuchDeviceException.class);
  }
}
