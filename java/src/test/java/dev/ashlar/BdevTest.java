package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stores and file systems on devices that a configuration has named. */
class BdevTest {
  private static final ChunkKey KEY = ChunkKey.of("k");

  @TempDir private Path folder;

  @BeforeEach
  void configure() throws IOException {
    final Path disk = folder.resolve("disk");
    try (var file = new java.io.RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(64 << 20);
    }
    final Path config = folder.resolve("config.json");
    Files.writeString(
        config,
        """
        {"subsystems": [{"subsystem": "bdev", "config": [
          {"method": "bdev_malloc_create",
           "params": {"name": "Malloc0", "num_blocks": 16384, "block_size": 4096}},
          {"method": "bdev_malloc_create",
           "params": {"name": "Malloc512", "num_blocks": 131072, "block_size": 512}},
          {"method": "bdev_aio_create", "params": {"name": "Aio0", "filename": "%s"}},
          {"method": "bdev_aio_create",
           "params": {"name": "AioRo", "filename": "%s", "readonly": true}}
        ]}]}
        """
            .formatted(disk, disk));
    AshlarRuntime.configure(config);
  }

  @AfterEach
  void deleteBdevs() {
    AshlarRuntime.bdevs().forEach(AshlarRuntime::deleteBdev);
  }

  private static ChunkStoreOptions.Builder store(final String bdev) {
    return ChunkStoreOptions.builder()
        .device(Device.bdev(bdev))
        .memoryBudget(ChunkStoreOptions.MIN_MEMORY_BUDGET_BYTES);
  }

  private static BlobFsOptions.Builder files(final String bdev) {
    return BlobFsOptions.builder().device(Device.bdev(bdev));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Malloc0", "Malloc512", "Aio0"})
  void aStoreFindsItsChunksAgain(final String bdev) {
    try (ChunkStore store = ChunkStore.open(store(bdev).createIfMissing(true).build())) {
      store.create(KEY);
      store.write(KEY, 5, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }
    try (ChunkStore store = ChunkStore.open(store(bdev).build())) {
      final ByteBuffer read = ByteBuffer.allocate(3);
      store.read(KEY, 5, read);
      assertThat(read.array()).containsExactly(1, 2, 3);
      assertThat(store.stats().wasClean()).isTrue();
    }
    try (BlobFs fs = BlobFs.open(files(bdev).readOnly(true).build())) {
      assertThat(fs.list("/metadata/")).contains("/metadata/CURRENT");
    }
  }

  @Test
  void formattingAndProbingWorkAsOnAFile() {
    assertThatThrownBy(() -> ChunkStore.open(store("Malloc0").build()))
        .isInstanceOf(WrongFormatException.class)
        .hasMessageContaining("Malloc0 holds no store");
    ChunkStore.format(store("Malloc0").build(), false);
    assertThatThrownBy(() -> ChunkStore.format(store("Malloc0").build(), false))
        .isInstanceOf(StoreExistsException.class)
        .hasMessageContaining("Malloc0 holds a store");
    ChunkStore.format(store("Malloc0").build(), true);
    BlobFs.format(files("Malloc0").build()).close();
    assertThatThrownBy(() -> ChunkStore.open(store("Malloc0").build()))
        .isInstanceOf(WrongFormatException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Malloc0", "Aio0"})
  void aDeviceIsOpenOnceAndIsNotDeletedMeanwhile(final String bdev) {
    try (BlobFs fs = BlobFs.open(files(bdev).createIfMissing(true).build())) {
      assertThatThrownBy(() -> BlobFs.open(files(bdev).build()))
          .isInstanceOf(StoreBusyException.class);
      assertThatThrownBy(() -> ChunkStore.open(store(bdev).build()))
          .isInstanceOf(StoreBusyException.class);
      assertThatThrownBy(() -> AshlarRuntime.deleteBdev(bdev))
          .isInstanceOf(StoreBusyException.class)
          .hasMessageContaining(bdev);
      assertThat(fs.list("")).isEmpty();
    }
    AshlarRuntime.deleteBdev(bdev);
    assertThatThrownBy(() -> BlobFs.open(files(bdev).build()))
        .isInstanceOf(NoSuchDeviceException.class)
        .hasMessageContaining(bdev);
  }

  @Test
  void aReadOnlyDeviceIsNotWritten() {
    BlobFs.format(files("Aio0").build()).close();
    assertThatThrownBy(() -> BlobFs.open(files("AioRo").build()))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("AioRo was made read-only");
    try (BlobFs fs = BlobFs.open(files("AioRo").readOnly(true).build())) {
      assertThat(fs.list("")).isEmpty();
    }
  }

  @Test
  void whatFailedToOpenCanBeOpenedAgain() {
    assertThatThrownBy(() -> BlobFs.open(files("Malloc0").build()))
        .isInstanceOf(WrongFormatException.class);
    BlobFs.open(files("Malloc0").createIfMissing(true).build()).close();
  }

  @Test
  void metadataCanBeOnABdevOfItsOwn() {
    final ChunkStoreOptions.Builder options =
        store("Malloc0").metadataDevice(Device.bdev("Malloc512"));
    try (ChunkStore store = ChunkStore.open(options.createIfMissing(true).build())) {
      store.create(KEY);
    }
    try (ChunkStore store = ChunkStore.open(options.createIfMissing(false).build())) {
      assertThat(store.exists(KEY)).isTrue();
    }
  }

  @Test
  void aSizeContradictsABdevWhichHasItsOwn() {
    assertThatThrownBy(() -> store("Malloc0").size(64 << 20).build())
        .isInstanceOf(BadConfigurationException.class);
  }
}
