package dev.ashlar.internal.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkKey;
import dev.ashlar.StoreClosedException;
import dev.ashlar.internal.metadata.MetadataOptions.Mode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Memory, full disks, and close while others are at work. */
class MetadataLimitsTest {

  private static final long BUDGET_BYTES = 8 << 20;

  @TempDir private Path folder;

  private static RocksMetadataStore create(final Path folder) {
    return RocksMetadataStore.open(new MetadataOptions(folder, Mode.CREATE, BUDGET_BYTES));
  }

  private static void put(final MetadataBatch batch, final int number) {
    final ChunkKey key = ChunkKey.of("chunk-of-some-object-" + number % 1000, number);
    batch.putChunk(key, 4096, 1, 2, 3);
    batch.mergeSegment(key, 0, 0, 1, new long[] {number}, new int[] {number}, 0);
  }

  @Test
  void memoryStaysWithinTheBudgetWhateverTheLoad() {
    final var batch = new MetadataBatch();
    long highest = 0;
    try (var store = create(folder.resolve("m"))) {
      final var map = new SegmentMap();
      for (int i = 0; i < 200_000; i++) {
        put(batch, i);
        if (batch.count() == 1000) {
          store.apply(batch, false);
          batch.clear();
          store.getChunk(ChunkKey.of("chunk-of-some-object-" + i % 1000, i / 2));
          store.readSegment(ChunkKey.of("chunk-of-some-object-" + i % 1000, i / 3), 0, map);
          highest = Math.max(highest, store.stats().cacheBytes());
        }
      }
      assertThat(store.stats().fileBytes()).isGreaterThan(BUDGET_BYTES);
      assertThat(store.stats().chunks()).isBetween(150_000L, 250_000L);
    }
    assertThat(highest).isBetween(BUDGET_BYTES / 8, BUDGET_BYTES * 5 / 4);
  }

  @Test
  @Timeout(60)
  void closeWhileOthersReadAndWriteEndsTheirCallsInPeace() throws Exception {
    for (int round = 0; round < 10; round++) {
      final RocksMetadataStore store = create(folder.resolve("m" + round));
      final ExecutorService threads = Executors.newFixedThreadPool(6);
      final AtomicInteger calls = new AtomicInteger();
      final List<Future<?>> ends = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        final int thread = i;
        ends.add(threads.submit(() -> useUntilClosed(store, thread, calls)));
      }
      ends.add(
          threads.submit(
              () -> {
                while (calls.get() < 200) {
                  Thread.onSpinWait();
                }
                store.close();
              }));
      for (final Future<?> end : ends) {
        end.get(30, TimeUnit.SECONDS);
      }
      store.close();
      threads.shutdown();
    }
  }

  private static void useUntilClosed(
      final RocksMetadataStore store, final int thread, final AtomicInteger calls) {
    final var batch = new MetadataBatch();
    final var map = new SegmentMap();
    final List<ChunkCursor> cursors = new ArrayList<>();
    try {
      while (true) {
        final int call = calls.incrementAndGet();
        switch (thread) {
          case 0 -> {
            batch.clear();
            put(batch, call);
            store.apply(batch, call % 50 == 0);
          }
          case 1 -> store.getChunk(ChunkKey.of("chunk-of-some-object-1", 1));
          case 2 -> store.readSegment(ChunkKey.of("chunk-of-some-object-1", 1), 0, map);
          case 3 -> {
            final ChunkCursor cursor = store.chunks("", null);
            cursors.add(cursor);
            cursor.next();
            if (cursors.size() > 5) {
              cursors.remove(0).close();
            }
          }
          default -> store.stats();
        }
      }
    } catch (final StoreClosedException e) {
      cursors.forEach(ChunkCursor::close);
    }
  }
}
