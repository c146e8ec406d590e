package dev.ashlar.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.ChunkExistsException;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStat;
import dev.ashlar.ChunkStore;
import dev.ashlar.NoSuchChunkException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store does, whatever it lies on. */
public abstract class ChunkStoreContract {
  private static final ChunkKey KEY = ChunkKey.of("a");

  private StoreUnderTest world;
  private ChunkStore store;

  /** Opens an empty store. */
  protected abstract StoreUnderTest openStore();

  @BeforeEach
  void open() {
    world = openStore();
    store = world.store();
  }

  @AfterEach
  void close() {
    world.close();
  }

  static byte[] bytes(final int length, final long seed) {
    final byte[] all = new byte[length];
    new SplittableRandom(seed).nextBytes(all);
    return all;
  }

  private long usedPages() {
    return store.stats().usedBytes() / 4096;
  }

  private void reopen() {
    world.reopen();
    store = world.store();
  }

  private byte[] read(final ChunkKey key, final long offset, final int length) {
    final ByteBuffer target = ByteBuffer.allocate(length);
    final int count = store.read(key, offset, target);
    assertThat(target.position()).isEqualTo(count);
    final byte[] result = new byte[count];
    target.flip().get(result);
    return result;
  }

  @Test
  void whatWasWrittenIsRead() {
    store.create(KEY);
    final byte[] data = bytes(10_000, 1);
    final ByteBuffer source = ByteBuffer.wrap(data);
    store.write(KEY, 0, source);
    assertThat(source.remaining()).isZero();
    assertThat(read(KEY, 0, 20_000)).isEqualTo(data);
    final ChunkStat stat = store.stat(KEY);
    assertThat(stat.sizeBytes()).isEqualTo(10_000);
    assertThat(stat.version()).isEqualTo(2);
  }

  @Test
  void directBuffersGoBothWays() {
    store.create(KEY);
    final byte[] data = bytes(3 << 20, 2);
    final ByteBuffer source = ByteBuffer.allocateDirect(data.length + 7);
    source.position(7).put(data).position(7);
    store.write(KEY, 12345, source);
    final ByteBuffer target = ByteBuffer.allocateDirect(data.length + 100).position(50);
    assertThat(store.read(KEY, 12345, target)).isEqualTo(data.length);
    final byte[] result = new byte[data.length];
    target.get(50, result);
    assertThat(result).isEqualTo(data);
  }

  @Test
  void unalignedOverwriteKeepsItsSurroundings() {
    store.create(KEY);
    final byte[] data = bytes(20_000, 3);
    store.write(KEY, 0, ByteBuffer.wrap(data));
    final byte[] patch = bytes(5_000, 4);
    store.write(KEY, 4_000, ByteBuffer.wrap(patch));
    System.arraycopy(patch, 0, data, 4_000, patch.length);
    assertThat(read(KEY, 0, 20_000)).isEqualTo(data);
  }

  @Test
  void holesAreZeros() {
    store.create(KEY);
    store.write(KEY, 5L << 30, ByteBuffer.wrap(new byte[] {1}));
    assertThat(read(KEY, (5L << 30) - 3, 10)).containsExactly(0, 0, 0, 1);
    assertThat(read(KEY, 1 << 20, 5)).containsOnly(0);
    assertThat(store.stat(KEY).sizeBytes()).isEqualTo((5L << 30) + 1);
  }

  @Test
  void shrunkBytesAreZerosWhenTheChunkGrowsAgain() {
    store.create(KEY);
    store.write(KEY, 0, ByteBuffer.wrap(bytes(10_000, 5)));
    store.resize(KEY, 5_000);
    store.resize(KEY, 10_000);
    assertThat(read(KEY, 0, 5_000)).isEqualTo(java.util.Arrays.copyOf(bytes(10_000, 5), 5_000));
    assertThat(read(KEY, 5_000, 5_000)).hasSize(5_000).containsOnly(0);
  }

  @Test
  void removedChunksAreGoneAndTheirPagesFree() {
    store.create(KEY);
    store.write(KEY, 0, ByteBuffer.wrap(bytes(1 << 20, 6)));
    assertThat(usedPages()).isEqualTo(256);
    store.remove(KEY);
    assertThat(store.exists(KEY)).isFalse();
    assertThatThrownBy(() -> store.stat(KEY)).isInstanceOf(NoSuchChunkException.class);
    reopen();
    assertThat(usedPages()).isZero();
  }

  @Test
  void createRefusesWhatExists() {
    store.create(KEY);
    assertThatThrownBy(() -> store.create(KEY)).isInstanceOf(ChunkExistsException.class);
  }

  @Test
  void changesOfMissingChunksAreRefused() {
    assertThatThrownBy(() -> store.write(KEY, 0, ByteBuffer.allocate(1)))
        .isInstanceOf(NoSuchChunkException.class);
    assertThatThrownBy(() -> store.resize(KEY, 1)).isInstanceOf(NoSuchChunkException.class);
    assertThatThrownBy(() -> store.remove(KEY)).isInstanceOf(NoSuchChunkException.class);
    assertThatThrownBy(() -> store.read(KEY, 0, ByteBuffer.allocate(1)))
        .isInstanceOf(NoSuchChunkException.class);
    assertThat(usedPages()).isZero();
  }

  @Test
  void contentSurvivesACleanReopen() {
    store.create(KEY);
    final byte[] data = bytes(2_000_000, 7);
    store.write(KEY, 100, ByteBuffer.wrap(data));
    reopen();
    assertThat(read(KEY, 100, 3_000_000)).isEqualTo(data);
  }

  @Test
  void batchesAreAppliedTogether() {
    final ChunkKey other = ChunkKey.of("b", 3);
    store
        .batch()
        .create(KEY)
        .write(KEY, 0, ByteBuffer.wrap(new byte[] {1, 2, 3}))
        .create(other)
        .write(other, 4096, ByteBuffer.wrap(new byte[] {4}))
        .resize(KEY, 2)
        .commit();
    assertThat(read(KEY, 0, 10)).containsExactly(1, 2);
    assertThat(store.stat(other).sizeBytes()).isEqualTo(4097);
    store.batch().remove(other).write(KEY, 2, ByteBuffer.wrap(new byte[] {9})).commit();
    assertThat(store.exists(other)).isFalse();
    assertThat(read(KEY, 0, 10)).containsExactly(1, 2, 9);
  }

  @Test
  void aFailingMemberUndoesItsBatch() {
    final ChunkKey other = ChunkKey.of("b");
    store.create(other);
    assertThatThrownBy(
            () ->
                store
                    .batch()
                    .create(KEY)
                    .write(KEY, 0, ByteBuffer.wrap(bytes(100_000, 8)))
                    .create(other)
                    .commit())
        .isInstanceOf(ChunkExistsException.class);
    assertThat(store.exists(KEY)).isFalse();
    reopen();
    assertThat(usedPages()).isZero();
  }

  @Test
  void listingIsInOrderAndCanBeResumed() {
    final List<ChunkKey> keys = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      keys.add(ChunkKey.of("object-" + (i % 7), i));
    }
    keys.forEach(store::createAsync);
    store.create(ChunkKey.of("zzz"));
    final List<ChunkKey> listed = new ArrayList<>();
    store.list("object-").forEachRemaining(stat -> listed.add(stat.key()));
    assertThat(listed).isEqualTo(keys.stream().sorted().toList());
    final List<ChunkKey> rest = new ArrayList<>();
    store.list("", listed.get(599)).forEachRemaining(stat -> rest.add(stat.key()));
    assertThat(rest).containsExactly(ChunkKey.of("zzz"));
  }
}
