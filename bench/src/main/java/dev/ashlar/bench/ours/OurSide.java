package dev.ashlar.bench.ours;

import dev.ashlar.ChunkStore;
import dev.ashlar.bench.measure.AsyncWindow;
import dev.ashlar.bench.measure.CallbackWindow;
import dev.ashlar.bench.measure.Contender;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.Repeat;
import java.nio.file.Path;
import java.time.Duration;

/** An open store with a set of chunks, and the work of the rows on it. */
public final class OurSide implements AutoCloseable {

  private static final int MIB_PAGES = (1 << 20) / Pages.BYTES;

  private final ChunkStore store;
  private final ChunkSet set;

  private OurSide(final ChunkStore store, final int pages, final int chunkPages) {
    this.store = store;
    try {
      this.set = ChunkSet.create(store, pages, chunkPages);
    } catch (final RuntimeException | Error e) {
      store.close();
      throw e;
    }
  }

  /**
   * A store in memory with one chunk.
   *
   * @param pages of the chunk
   * @return the side
   */
  public static OurSide oneChunkInMemory(final int pages) {
    return new OurSide(BenchStore.inMemory(bytes(pages)), pages, pages);
  }

  /**
   * A store on a malloc bdev of SPDK with one chunk, and one reactor.
   *
   * @param pages of the chunk
   * @return the side
   */
  public static OurSide oneChunkOnSpdk(final int pages) {
    return new OurSide(BenchStore.onSpdk(bytes(pages)), pages, pages);
  }

  /**
   * A store in a file with one chunk.
   *
   * @param folder of the file
   * @param pages of the chunk
   * @return the side
   */
  public static OurSide oneChunkOnFile(final Path folder, final int pages) {
    return new OurSide(BenchStore.onFile(folder, bytes(pages)), pages, pages);
  }

  /**
   * A store in a file with chunks of 1 MiB.
   *
   * @param folder of the file
   * @param pages of all chunks
   * @return the side
   */
  public static OurSide manyChunksOnFile(final Path folder, final int pages) {
    return new OurSide(BenchStore.onFile(folder, bytes(pages)), pages, MIB_PAGES);
  }

  private static long bytes(final int pages) {
    return (long) pages * Pages.BYTES;
  }

  /**
   * Random reads of pages in the calling thread, one after the other.
   *
   * @return reads a second
   */
  public Contender syncReadRate() {
    final SyncReads reads = new SyncReads(set);
    return slice -> Repeat.perSecond(slice, reads);
  }

  /**
   * The same.
   *
   * @return median latency in microseconds
   */
  public Contender syncReadLatency() {
    final SyncReads reads = new SyncReads(set);
    return slice -> Repeat.medianMicros(slice, reads);
  }

  /**
   * Random reads of pages in flight.
   *
   * @param depth how many
   * @return reads a second
   */
  public Contender asyncReads(final int depth) {
    final AsyncReads reads = new AsyncReads(set, depth);
    return slice -> new AsyncWindow(depth).perSecond(slice, reads);
  }

  /**
   * The same, each started by the callback of the one before it.
   *
   * @param depth how many
   * @return reads a second
   */
  public Contender chainedReads(final int depth) {
    final ChainedReads reads = new ChainedReads(set, depth);
    return slice -> new CallbackWindow(depth).perSecond(slice, reads);
  }

  /**
   * Random durable overwrites of aligned blocks in flight.
   *
   * @param blockBytes of each
   * @param depth how many
   * @return writes a second
   */
  public Contender overwrites(final int blockBytes, final int depth) {
    final AsyncWrites writes = new AsyncWrites(set, blockBytes, depth);
    return slice -> new AsyncWindow(depth).perSecond(slice, writes);
  }

  /**
   * Random durable overwrites for a while.
   *
   * @param slice how long
   * @param blockBytes of each
   * @param depth in flight
   * @return bytes written
   */
  public long overwriteFor(final Duration slice, final int blockBytes, final int depth) {
    final AsyncWrites writes = new AsyncWrites(set, blockBytes, depth);
    new AsyncWindow(depth).perSecond(slice, writes);
    return writes.started() * blockBytes;
  }

  /**
   * What the store itself has written to its device since it was opened; metadata in RocksDB is not
   * in it.
   *
   * @return bytes
   */
  public long deviceBytesWritten() {
    return store.stats().bytesWritten();
  }

  /**
   * Durable creations and removals of empty chunks in flight.
   *
   * @param depth how many
   * @return pairs a second
   */
  public Contender createRemove(final int depth) {
    final CreateRemove pairs = new CreateRemove(store, depth);
    return slice -> new AsyncWindow(depth).perSecond(slice, pairs);
  }

  /**
   * What each kind of operation allocates.
   *
   * @return allocations on this store
   */
  public Allocations allocations() {
    return new Allocations(set);
  }

  /**
   * Reads pages back and checks them.
   *
   * @param count how many, at random
   */
  public void verify(final int count) {
    final SyncReads reads = new SyncReads(set);
    for (int i = 0; i < count; i++) {
      reads.run();
    }
  }

  @Override
  public void close() {
    store.close();
  }
}
