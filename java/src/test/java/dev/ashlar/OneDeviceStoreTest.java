package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the metadata of a store is: on its device, in a folder, or on another device. */
class OneDeviceStoreTest {
  private static final ChunkKey KEY = ChunkKey.of("k");

  @TempDir private Path folder;

  private Path file() {
    return folder.resolve("device");
  }

  private ChunkStoreOptions.Builder existing() {
    return ChunkStoreOptions.builder()
        .device(Device.file(file()))
        .memoryBudget(ChunkStoreOptions.MIN_MEMORY_BUDGET_BYTES);
  }

  private ChunkStoreOptions.Builder missing(final long mebibytes) {
    return existing().size(mebibytes << 20).createIfMissing(true);
  }

  private static ByteBuffer bytes(final int length, final int value) {
    final ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      buffer.put((byte) value);
    }
    return buffer.flip();
  }

  private static byte[] read(final ChunkStore store, final ChunkKey key, final int length) {
    final ByteBuffer target = ByteBuffer.allocate(length);
    assertThat(store.read(key, 0, target)).isEqualTo(length);
    return target.array();
  }

  private static void makeChunk(final ChunkStoreOptions options) {
    try (ChunkStore store = ChunkStore.open(options)) {
      store.create(KEY);
      store.write(KEY, 0, bytes(10_000, 7));
    }
  }

  private static void assertHoldsChunk(final ChunkStoreOptions options) {
    try (ChunkStore store = ChunkStore.open(options)) {
      assertThat(read(store, KEY, 10_000)).containsOnly(7);
      assertThat(store.stats().wasClean()).isTrue();
      assertThat(store.stats().problems()).isEmpty();
    }
  }

  // --- one device --------------------------------------------------------------------------------

  @Test
  void aStoreIsOneFile() throws IOException {
    makeChunk(missing(64).build());
    assertHoldsChunk(existing().build());
    assertHoldsChunk(existing().readOnly(true).build());
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file());
    }
    Files.move(file(), folder.resolve("moved"));
    assertHoldsChunk(
        ChunkStoreOptions.builder().device(Device.file(folder.resolve("moved"))).build());
  }

  @Test
  void aReadOnlyStoreWritesNothing() throws IOException {
    makeChunk(missing(32).build());
    final byte[] before = Files.readAllBytes(file());
    assertHoldsChunk(existing().readOnly(true).build());
    assertThat(Files.readAllBytes(file())).isEqualTo(before);
  }

  @Test
  void theDeviceIsABlobFsWhoseFilesCanBeListed() {
    makeChunk(missing(64).build());
    try (BlobFs fs = BlobFs.open(BlobFsOptions.builder().device(Device.file(file())).build())) {
      assertThat(fs.damage()).isEmpty();
      assertThat(fs.list("/metadata/")).contains("/metadata/CURRENT");
      assertThat(fs.stats().readOnly()).isTrue();
      assertThat(fs.stats().chunkStore()).isTrue();
    }
    assertHoldsChunk(existing().build());
  }

  @Test
  void aBlobFsIsNoStoreAndIsKept() throws IOException {
    try (BlobFs fs =
        BlobFs.open(
            BlobFsOptions.builder()
                .device(Device.file(file()))
                .size(64 << 20)
                .createIfMissing(true)
                .build())) {
      fs.create("/a").close();
    }
    final byte[] before = Files.readAllBytes(file());
    for (final ChunkStoreOptions options :
        List.of(existing().build(), existing().readOnly(true).build(), missing(64).build())) {
      assertThatThrownBy(() -> ChunkStore.open(options))
          .isInstanceOf(WrongFormatException.class)
          .hasMessageContaining("not a store");
    }
    assertThatThrownBy(() -> ChunkStore.format(existing().build(), false))
        .isInstanceOf(StoreExistsException.class);
    assertThat(Files.readAllBytes(file())).isEqualTo(before);
  }

  @Test
  void filesCanBePutBesideAStoreIfAskedFor() {
    makeChunk(missing(64).build());
    final BlobFsOptions.Builder options = BlobFsOptions.builder().device(Device.file(file()));
    try (BlobFs fs = BlobFs.open(options.build())) {
      assertThatThrownBy(() -> fs.create("/a"))
          .isInstanceOf(ReadOnlyStoreException.class)
          .hasMessageContaining("chunk store");
    }
    try (BlobFs fs = BlobFs.open(options.writeBesideChunkStore(true).build());
        BlobFile file = fs.create("/a")) {
      file.append(bytes(100_000, 1));
    }
    assertHoldsChunk(existing().build());
    try (BlobFs fs = BlobFs.open(options.build())) {
      assertThat(fs.stat("/a").sizeBytes()).isEqualTo(100_000);
    }
  }

  @Test
  void metadataElsewhereIsRefusedForAStoreThatHoldsItsOwn() throws IOException {
    makeChunk(missing(64).build());
    assertThatThrownBy(() -> ChunkStore.open(existing().metadata(folder.resolve("m")).build()))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("itself");
    assertThat(folder.resolve("m")).doesNotExist();
    assertHoldsChunk(existing().build());
  }

  @Test
  void aDeviceOfTooFewClustersIsRefusedAndKept() throws IOException {
    Files.write(file(), new byte[32 << 20]);
    assertThatThrownBy(() -> ChunkStore.format(existing().clusterBytes(1 << 20).build(), false))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("clusters");
    assertThat(Files.readAllBytes(file())).containsOnly(0);
  }

  // --- elsewhere ---------------------------------------------------------------------------------

  @Test
  void theFolderOfAnOldStoreIsFoundBesideItsFile() {
    final Path old = folder.resolve("device.meta");
    makeChunk(missing(64).metadata(old).build());
    assertHoldsChunk(existing().build());
    assertHoldsChunk(existing().metadata(old).build());
  }

  @Test
  void theFolderOfAStoreMustBeNamedWhereItIs() {
    final Path elsewhere = folder.resolve("m");
    makeChunk(missing(64).metadata(elsewhere).build());
    assertThatThrownBy(() -> ChunkStore.open(existing().build()))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("device.meta")
        .hasMessageContaining("missing");
    assertHoldsChunk(existing().metadata(elsewhere).build());
  }

  @Test
  void metadataMayHaveADeviceOfItsOwn() throws IOException {
    final Path other = folder.resolve("other");
    Files.write(other, new byte[32 << 20]);
    final Device metadata = Device.file(other);
    makeChunk(missing(64).metadataDevice(metadata).build());
    assertHoldsChunk(existing().metadataDevice(metadata).build());
    assertHoldsChunk(existing().metadataDevice(metadata).readOnly(true).build());
    assertThatThrownBy(() -> ChunkStore.open(existing().build()))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("device.meta");

    final ChunkStoreOptions second =
        ChunkStoreOptions.builder()
            .device(Device.file(folder.resolve("second")))
            .size(64 << 20)
            .metadataDevice(metadata)
            .build();
    assertThatThrownBy(() -> ChunkStore.format(second, false))
        .isInstanceOf(StoreExistsException.class)
        .hasMessageContaining("other");
    assertHoldsChunk(existing().metadataDevice(metadata).build());
    ChunkStore.format(second, true);
    assertThatThrownBy(() -> ChunkStore.open(existing().metadataDevice(metadata).build()))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("belongs to store");
  }

  @Test
  void aMetadataDeviceWithoutMetadataIsRefused() throws IOException {
    final Path other = folder.resolve("other");
    Files.write(other, new byte[32 << 20]);
    final Device metadata = Device.file(other);
    makeChunk(missing(64).metadata(folder.resolve("m")).build());
    assertThatThrownBy(() -> ChunkStore.open(existing().metadataDevice(metadata).build()))
        .isInstanceOf(WrongFormatException.class);
    BlobFs.format(BlobFsOptions.builder().device(metadata).build()).close();
    assertThatThrownBy(() -> ChunkStore.open(existing().metadataDevice(metadata).build()))
        .isInstanceOf(BadConfigurationException.class)
        .hasMessageContaining("no metadata");
  }

  // --- a full device -----------------------------------------------------------------------------

  /** Makes chunks with content until the device is full. */
  private static List<ChunkKey> fill(final ChunkStore store, final int chunkBytes) {
    final List<ChunkKey> made = new ArrayList<>();
    for (int i = 0; ; i++) {
      final ChunkKey key = ChunkKey.of("full", i);
      try (ChunkBatch batch = store.batch()) {
        batch.create(key);
        batch.write(key, 0, bytes(chunkBytes, i));
        batch.commit();
      } catch (final OutOfSpaceException e) {
        return made;
      }
      made.add(key);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 64})
  void aDeviceFullOfDataTakesRemovalsAndIsFilledAgain(final int mebibytes) {
    final ChunkStoreOptions options = missing(mebibytes).build();
    int first = 0;
    for (int round = 0; round < 4; round++) {
      try (ChunkStore store = ChunkStore.open(options)) {
        final List<ChunkKey> keys = fill(store, 64 << 10);
        first = round == 0 ? keys.size() : first;
        assertThat(keys).as("round %s", round).hasSizeGreaterThan(first * 3 / 4);
        assertThat(read(store, keys.get(3), 64 << 10)).containsOnly(3);
        keys.forEach(store::remove);
        assertThat(store.stats().problems()).isEmpty();
      }
    }
  }

  @Test
  void aFullMetadataDeviceRefusesChangesUntilSpaceReturns() throws IOException {
    final Path other = folder.resolve("other");
    Files.write(other, new byte[32 << 20]);
    final Device metadata = Device.file(other);
    makeChunk(missing(32).metadataDevice(metadata).build());
    try (BlobFs fs = BlobFs.open(BlobFsOptions.builder().device(metadata).build());
        BlobFile filler = fs.create("/filler")) {
      filler.append(ByteBuffer.allocate((int) fs.stats().freeBytes() - (4 << 20)));
    }

    final ChunkStoreOptions options =
        existing().metadataDevice(metadata).durability(Durability.ORDERED).build();
    final List<ChunkKey> synced = new ArrayList<>();
    try (ChunkStore store = ChunkStore.open(options)) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 1000; i++) {
                  final List<ChunkKey> made = new ArrayList<>();
                  for (int j = 0; j < 50; j++) {
                    made.add(ChunkKey.of("n".repeat(500), i * 50 + j));
                    store.create(made.get(j));
                  }
                  store.sync();
                  synced.addAll(made);
                }
              })
          .isInstanceOf(OutOfSpaceException.class);
      assertThat(read(store, KEY, 10_000)).as("reads go on").containsOnly(7);
    } catch (final OutOfSpaceException e) {
      assertThat(e).as("what was not synced cannot be made durable").isNotNull();
    }
    assertThat(synced).isNotEmpty();

    try (BlobFs fs = BlobFs.open(BlobFsOptions.builder().device(metadata).build())) {
      assertThat(fs.damage()).isEmpty();
      fs.delete("/filler");
    }
    try (ChunkStore store = ChunkStore.open(options)) {
      assertThat(store.stats().problems()).isEmpty();
      assertThat(read(store, KEY, 10_000)).containsOnly(7);
      synced.forEach(key -> assertThat(store.stat(key).sizeBytes()).isZero());
      synced.forEach(store::remove);
      store.create(ChunkKey.of("new"));
      store.sync();
    }
  }

  @Test
  void aDeviceFullOfMetadataTakesRemovalsAndIsFilledAgain() {
    final ChunkStoreOptions options = missing(16).durability(Durability.ORDERED).build();
    for (int round = 0; round < 2; round++) {
      try (ChunkStore store = ChunkStore.open(options)) {
        final List<ChunkKey> keys = new ArrayList<>();
        assertThatThrownBy(
                () -> {
                  for (int i = 0; ; i++) {
                    final ChunkKey key = ChunkKey.of("n".repeat(500), i);
                    store.create(key);
                    keys.add(key);
                  }
                })
            .isInstanceOf(OutOfSpaceException.class);
        assertThat(keys).as("round %s", round).hasSizeGreaterThan(3000);
        keys.forEach(store::remove);
        store.sync();
        assertThat(store.stats().problems()).isEmpty();
      }
    }
  }
}
