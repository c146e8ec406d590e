package dev.ashlar.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.testing.ModelRun;
import dev.ashlar.testing.RandomChange;
import dev.ashlar.testing.Seed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The cache under pressure: what is dropped is found again, and memory stays bounded. */
@Timeout(120)
class ChunkCacheTest {

  @Test
  void aTinyCacheChangesNothingButSpeed() {
    final SplittableRandom random = Seed.random("ChunkCacheTest");
    try (FakeWorld world = FakeWorld.builder(random.nextLong()).mapsBytes(2000).open()) {
      new ModelRun(world, random, new RandomChange.Shape("object-", 12, 300_000, true))
          .run(2500, 300);
      assertThat(world.store.stats().cacheEvictions()).isPositive();
    }
  }

  @Test
  void readersOfManyChunksStayWithinTheLimit() {
    try (FakeWorld world = FakeWorld.builder(1).inline(true).mapsBytes(50_000).open()) {
      final ChunkStore store = world.store;
      final List<CompletableFuture<Void>> done = new ArrayList<>();
      for (int i = 0; i < 3000; i++) {
        final ChunkKey key = ChunkKey.of("c", i);
        store.createAsync(key);
        done.add(store.writeAsync(key, 0, ByteBuffer.wrap(new byte[] {(byte) i})));
      }
      done.forEach(CompletableFuture::join);
      for (int i = 0; i < 3000; i++) {
        final ByteBuffer target = ByteBuffer.allocate(1);
        assertThat(store.read(ChunkKey.of("c", i), 0, target)).isEqualTo(1);
        assertThat(target.get(0)).isEqualTo((byte) i);
        assertThat(store.stats().memory().mapBytes()).isLessThan(60_000);
      }
    }
  }

  @Test
  void readersSeeWholeWritesWhileMapsComeAndGo() throws InterruptedException {
    try (FakeWorld world =
        FakeWorld.builder(1).inline(true).maxDelayMicros(0).mapsBytes(3000).open()) {
      final ChunkStore store = world.store;
      final int chunks = 20;
      final int length = 3 * 4096;
      for (int i = 0; i < chunks; i++) {
        store.create(ChunkKey.of("c", i));
        store.write(ChunkKey.of("c", i), (1 << 20) - 4096, ByteBuffer.allocate(length));
      }
      final AtomicBoolean stop = new AtomicBoolean();
      final AtomicBoolean torn = new AtomicBoolean();
      final List<Thread> readers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        readers.add(
            new Thread(
                () -> {
                  while (!stop.get()) {
                    final ByteBuffer target = ByteBuffer.allocate(length);
                    final int number = ThreadLocalRandom.current().nextInt(chunks);
                    store.read(ChunkKey.of("c", number), (1 << 20) - 4096, target);
                    for (final byte one : target.array()) {
                      if (one != target.get(0)) {
                        torn.set(true);
                      }
                    }
                  }
                }));
      }
      readers.forEach(Thread::start);
      for (int i = 0; i < 1500; i++) {
        final byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) i);
        store.write(ChunkKey.of("c", i % chunks), (1 << 20) - 4096, ByteBuffer.wrap(bytes));
      }
      stop.set(true);
      for (final Thread reader : readers) {
        reader.join();
      }
      assertThat(torn).as("a read saw a part of a write").isFalse();
    }
  }

  @Test
  void theSharesOfTheBudgetDoNotExceedIt() {
    final long budget = ChunkStoreOptions.DEFAULT_MEMORY_BUDGET_BYTES;
    final MemoryPlan plan = MemoryPlan.of(budget);
    assertThat(
            plan.metadataBytes()
                + plan.mapsBytes()
                + plan.operationsBytes()
                + plan.pageBufferBytes())
        .isLessThanOrEqualTo(budget);
  }
}
