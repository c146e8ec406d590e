package dev.ashlar.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.ChunkBatch;
import dev.ashlar.ChunkExistsException;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStat;
import dev.ashlar.ChunkStore;
import dev.ashlar.NoSuchChunkException;
import dev.ashlar.OutOfSpaceException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
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
    assertThat(read(KEY, 0, 5_000)).isEqualTo(Arrays.copyOf(bytes(10_000, 5), 5_000));
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
  void nothingOfARemovedChunkShowsInTheNextOne() {
    final long room = Math.min(store.stats().freeBytes(), 12L << 20);
    final ChunkKey old = ChunkKey.of("old");
    store.create(old);
    final byte[] ones = new byte[(int) room];
    Arrays.fill(ones, (byte) 0xff);
    store.write(old, 0, ByteBuffer.wrap(ones));
    store.remove(old);
    store.create(KEY);
    for (int at = 100; at < 4 << 20; at += 3 * 4096) {
      store.write(KEY, at, ByteBuffer.wrap(new byte[] {1}));
    }
    final byte[] all = read(KEY, 0, 4 << 20);
    for (int at = 0; at < all.length; at++) {
      final boolean written = at >= 100 && (at - 100) % (3 * 4096) == 0;
      assertThat(all[at]).as("byte %s", at).isEqualTo((byte) (written ? 1 : 0));
    }
  }

  @Test
  void pagesCutOffAreFreeAndTheLastOneIsReplacedNotOverwritten() {
    store.create(KEY);
    store.write(KEY, 0, ByteBuffer.wrap(bytes(100 * 4096, 20)));
    store.resize(KEY, 10 * 4096 + 5);
    reopen();
    assertThat(usedPages()).isEqualTo(11);
    assertThat(read(KEY, 0, 100_000)).isEqualTo(Arrays.copyOf(bytes(100 * 4096, 20), 40_965));
    store.resize(KEY, 0);
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

  /** Stages pieces of an odd length through one buffer, so that every kind of edge occurs. */
  private ChunkBatch stageAll(final ChunkBatch batch, final ChunkKey key, final byte[] data) {
    final ByteBuffer piece = store.allocate(150_000);
    for (int at = 0; at < data.length; at += piece.capacity()) {
      piece.clear().put(data, at, Math.min(piece.capacity(), data.length - at)).flip();
      batch.write(key, at, piece).stage();
    }
    piece.clear().put(new byte[piece.capacity()]);
    return batch;
  }

  @Test
  void stagedBatchIsInvisibleUntilItIsCommitted() {
    final byte[] data = bytes(2_500_000, 11);
    final ChunkBatch batch = stageAll(store.batch().create(KEY), KEY, data);
    assertThat(store.exists(KEY)).isFalse();
    batch.write(KEY, 10, ByteBuffer.wrap(new byte[] {1, 2})).commit();
    data[10] = 1;
    data[11] = 2;
    assertThat(read(KEY, 0, 3_000_000)).isEqualTo(data);
    reopen();
    assertThat(read(KEY, 0, 3_000_000)).isEqualTo(data);
    assertThat(usedPages()).isEqualTo((data.length + 4095) / 4096);
  }

  @Test
  void stagedBatchReplacesAChunk() {
    store.create(KEY);
    store.write(KEY, 0, ByteBuffer.wrap(bytes(3_000_000, 12)));
    final byte[] data = bytes(1_000_000, 13);
    final ChunkBatch batch = stageAll(store.batch().remove(KEY).create(KEY), KEY, data);
    assertThat(read(KEY, 0, 4_000_000)).isEqualTo(bytes(3_000_000, 12));
    batch.commitAsync().join();
    assertThat(read(KEY, 0, 4_000_000)).isEqualTo(data);
    reopen();
    assertThat(usedPages()).isEqualTo((data.length + 4095) / 4096);
  }

  @Test
  void stagedHeapBuffersAndOverlapsAreAppliedInOrder() {
    store.create(KEY);
    store.write(KEY, 0, ByteBuffer.wrap(bytes(50_000, 14)));
    final byte[] expected = bytes(50_000, 14);
    try (ChunkBatch batch = store.batch()) {
      for (int i = 0; i < 20; i++) {
        final byte[] piece = bytes(1 + i * 777, 15 + i);
        final int at = (i * 13_337) % 30_000;
        batch.write(KEY, at, ByteBuffer.wrap(piece));
        System.arraycopy(piece, 0, expected, at, piece.length);
        if (i % 3 == 0) {
          batch.stage();
        }
      }
      assertThat(batch.size()).isEqualTo(20);
      batch.commit();
    }
    assertThat(read(KEY, 0, 60_000)).isEqualTo(expected);
    reopen();
    assertThat(read(KEY, 0, 60_000)).isEqualTo(expected);
    assertThat(usedPages()).isEqualTo((50_000 + 4095) / 4096);
  }

  @Test
  void stagedBatchThatIsClosedLeavesNothing() {
    final ChunkBatch batch = stageAll(store.batch().create(KEY), KEY, bytes(1_000_000, 16));
    batch.close();
    batch.close();
    assertThatThrownBy(batch::commit).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(batch::stage).isInstanceOf(IllegalStateException.class);
    reopen();
    assertThat(store.exists(KEY)).isFalse();
    assertThat(usedPages()).isZero();
  }

  @Test
  void stagedBatchThatFailsLeavesNothing() {
    store.create(KEY);
    final ChunkBatch batch = stageAll(store.batch().create(KEY), KEY, bytes(1_000_000, 17));
    assertThatThrownBy(batch::commit).isInstanceOf(ChunkExistsException.class);
    reopen();
    assertThat(usedPages()).isZero();
  }

  @Test
  void stagedBatchThatIsForgottenLeavesNothing() {
    final ChunkBatch batch = stageAll(store.batch().create(KEY), KEY, bytes(1_000_000, 18));
    reopen();
    assertThatThrownBy(batch::commit).isInstanceOf(IllegalStateException.class);
    assertThat(usedPages()).isZero();
  }

  @Test
  void stagedBatchThatDoesNotFitLeavesNothing() {
    final ByteBuffer piece = store.allocate(4 << 20);
    final ChunkBatch batch = store.batch().create(KEY);
    assertThatThrownBy(
            () -> {
              for (long at = 0; at <= store.stats().deviceBytes(); at += piece.capacity()) {
                batch.write(KEY, at, piece.clear()).stage();
              }
            })
        .isInstanceOf(OutOfSpaceException.class);
    store.create(KEY);
    store.write(KEY, 0, ByteBuffer.wrap(bytes(8_000_000, 19))); // there is room again
    reopen();
    assertThat(usedPages()).isEqualTo((8_000_000 + 4095) / 4096);
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
