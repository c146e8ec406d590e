package dev.ashlar.bench.ours;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.bench.measure.Pages;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** Chunks of one size, full of benchmark pages that are numbered through. */
final class ChunkSet {

  private static final int STEP_BYTES = 1 << 20;
  private static final int STEP_PAGES = STEP_BYTES / Pages.BYTES;
  private static final int FILL_DEPTH = 8;

  private final ChunkStore store;
  private final ChunkKey[] keys;
  private final int chunkPages;

  private ChunkSet(final ChunkStore store, final ChunkKey[] keys, final int chunkPages) {
    this.store = store;
    this.keys = keys;
    this.chunkPages = chunkPages;
  }

  /**
   * Creates and writes the chunks, durably.
   *
   * @param store to create them in
   * @param pages in all
   * @param chunkPages pages of a chunk, a multiple of 1 MiB
   * @return the set
   */
  static ChunkSet create(final ChunkStore store, final int pages, final int chunkPages) {
    final ChunkKey[] keys = new ChunkKey[pages / chunkPages];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = ChunkKey.of("bench", i);
    }
    final ChunkSet set = new ChunkSet(store, keys, chunkPages);
    set.createAll();
    set.fill();
    return set;
  }

  private void createAll() {
    final CompletableFuture<?>[] created = new CompletableFuture<?>[keys.length];
    for (int i = 0; i < keys.length; i++) {
      created[i] = store.createAsync(keys[i]);
    }
    CompletableFuture.allOf(created).join();
  }

  private void fill() {
    final ByteBuffer[] buffers = new ByteBuffer[FILL_DEPTH];
    final CompletableFuture<?>[] writes = new CompletableFuture<?>[FILL_DEPTH];
    for (int i = 0; i < FILL_DEPTH; i++) {
      buffers[i] = Buffers.pages(store, STEP_BYTES);
      Pages.fill(buffers[i], (long) i * STEP_PAGES);
      writes[i] = CompletableFuture.completedFuture(null);
    }
    for (int step = 0; step < pages() / STEP_PAGES; step++) {
      final int place = step % FILL_DEPTH;
      writes[place].join();
      Pages.stampAll(buffers[place], (long) step * STEP_PAGES);
      writes[place] = write(step * STEP_PAGES, buffers[place]);
    }
    CompletableFuture.allOf(writes).join();
  }

  int pages() {
    return keys.length * chunkPages;
  }

  ChunkStore store() {
    return store;
  }

  /** Reads as many pages as the buffer holds. */
  void readNow(final int page, final ByteBuffer buffer) {
    store.read(key(page), offset(page), buffer.clear());
  }

  CompletableFuture<?> read(final int page, final ByteBuffer buffer) {
    return store.readAsync(key(page), offset(page), buffer.clear());
  }

  /** Writes the whole buffer. */
  void writeNow(final int page, final ByteBuffer buffer) {
    store.write(key(page), offset(page), buffer.clear());
  }

  CompletableFuture<?> write(final int page, final ByteBuffer buffer) {
    return store.writeAsync(key(page), offset(page), buffer.clear());
  }

  private ChunkKey key(final int page) {
    return keys[page / chunkPages];
  }

  private long offset(final int page) {
    return (long) (page % chunkPages) * Pages.BYTES;
  }
}
