package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.testing.Eventually;
import dev.ashlar.testing.FullRun;
import dev.ashlar.testing.Refusal;
import dev.ashlar.testing.Seed;
import dev.ashlar.testing.SmallFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RocksDB itself finds no space for metadata, wherever that is; the open store goes on later. */
@Timeout(300)
class WantOfSpaceTest {
  private static final int CHUNK_BYTES = 64 << 10;

  /** More new chunks than their metadata has room for on a device of 16 MiB. */
  private static final int TOO_MANY = 30_000;

  /** Their metadata is more than what RocksDB has preallocated for its log. */
  private static final int NOT_TOO_MANY = 8_000;

  @TempDir private Path folder;

  private ChunkStoreOptions.Builder options(final long mebibytes) {
    return ChunkStoreOptions.builder()
        .device(Device.file(folder.resolve("device")))
        .size(mebibytes << 20)
        .createIfMissing(true)
        .memoryBudget(ChunkStoreOptions.MIN_MEMORY_BUDGET_BYTES);
  }

  private Device metadataDevice() throws IOException {
    final Path file = folder.resolve("other");
    Files.write(file, new byte[16 << 20]);
    return Device.file(file);
  }

  private static ByteBuffer content(final int number) {
    final byte[] bytes = new byte[CHUNK_BYTES];
    Arrays.fill(bytes, (byte) number);
    return ByteBuffer.wrap(bytes);
  }

  private static List<ChunkKey> fill(final ChunkStore store, final int most) {
    final List<ChunkKey> made = new ArrayList<>();
    while (made.size() < most) {
      final ChunkKey key = ChunkKey.of("full", made.size());
      try {
        store.batch().create(key).write(key, 0, content(made.size())).commit();
      } catch (final OutOfSpaceException e) {
        break;
      }
      made.add(key);
    }
    return made;
  }

  private static void assertHolds(final ChunkStore store, final List<ChunkKey> keys) {
    final ByteBuffer target = ByteBuffer.allocate(CHUNK_BYTES);
    for (int i = 0; i < keys.size(); i++) {
      assertThat(store.read(keys.get(i), 0, target.clear())).isEqualTo(CHUNK_BYTES);
      assertThat(Arrays.equals(target.array(), content(i).array())).as("chunk %s", i).isTrue();
    }
    final AtomicInteger listed = new AtomicInteger();
    store.list("").forEachRemaining(stat -> listed.incrementAndGet());
    assertThat(listed).hasValue(keys.size());
  }

  private static ChunkBatch tooLarge(final ChunkStore store) {
    return newChunks(store, TOO_MANY);
  }

  private static ChunkBatch newChunks(final ChunkStore store, final int count) {
    final ChunkBatch batch = store.batch();
    for (int i = 0; i < count; i++) {
      batch.create(ChunkKey.of("x".repeat(500), i));
    }
    return batch;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aCommitForWhoseMetadataThereIsNoRoomFailsAlone(final boolean ownDevice) throws IOException {
    final ChunkStoreOptions.Builder options = options(16);
    if (ownDevice) {
      options.metadataDevice(metadataDevice());
    }
    int first = 0;
    for (int round = 0; round < 2; round++) {
      final List<ChunkKey> keys;
      try (ChunkStore store = ChunkStore.open(options.build())) {
        keys = fill(store, 1000);
        first = round == 0 ? keys.size() : first;
        assertThat(keys).as("round %s", round).hasSizeGreaterThan(first * 3 / 4);
        store.remove(keys.remove(keys.size() - 1));
        assertThatThrownBy(() -> tooLarge(store).commit())
            .isInstanceOf(OutOfSpaceException.class)
            .hasMessageContaining("bytes of metadata");
        Refusal.awaitSpace(store);
        assertHolds(store, keys);
        final ChunkKey last = ChunkKey.of("full", keys.size());
        store.batch().create(last).write(last, 0, content(keys.size())).commit();
        keys.add(last);
        assertHolds(store, keys);
      }
      try (ChunkStore again = ChunkStore.open(options.build())) {
        assertThat(again.stats().wasClean()).isTrue();
        assertHolds(again, keys);
        keys.forEach(again::remove);
        assertThat(again.stats().problems()).isEmpty();
      }
    }
  }

  /** All of the batch that was refused are there, or none. */
  private static void removeNewChunks(final ChunkStore store) {
    final List<ChunkKey> there = new ArrayList<>();
    store.list("x").forEachRemaining(stat -> there.add(stat.key()));
    assertThat(there.size()).isIn(0, NOT_TOO_MANY);
    there.forEach(store::remove);
  }

  @Test
  void aDeviceFullOfMetadataAloneTakesRemovalsAndIsFilledAgain() throws IOException {
    final ChunkStoreOptions options =
        options(16).metadataDevice(metadataDevice()).durability(Durability.ORDERED).build();
    try (ChunkStore store = ChunkStore.open(options)) {
      for (int round = 0; round < 2; round++) {
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

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFolderThatIsFullForAWhileUnderLoad(final boolean ordered) throws Exception {
    final SplittableRandom random = Seed.random("WantOfSpaceTest");
    try (SmallFolder small = new SmallFolder(folder, 24)) {
      final ChunkStoreOptions options = options(256).metadata(small.path().resolve("m")).build();
      final FullRun run = new FullRun(random.split(), 4, ordered, 50_000);
      final AtomicInteger refusals = new AtomicInteger();
      for (int life = 0; life < 2; life++) {
        try (ChunkStore store = ChunkStore.open(options)) {
          run.life(
              store,
              4,
              () -> {
                small.fill(0);
                assertThatThrownBy(() -> newChunks(store, NOT_TOO_MANY).commit())
                    .isInstanceOf(OutOfSpaceException.class);
                Eventually.pause(random.nextInt(100));
                refusals.incrementAndGet();
                small.free();
                Refusal.awaitSpace(store);
                removeNewChunks(store);
                Eventually.pause(random.nextInt(100));
              });
        }
        try (ChunkStore store = ChunkStore.open(options)) {
          assertThat(store.stats().wasClean()).isTrue();
          run.assertHeldBy(store);
        }
      }
      assertThat(refusals).hasValue(8);
    }
  }
}
