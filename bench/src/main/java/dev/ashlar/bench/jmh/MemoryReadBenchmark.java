package dev.ashlar.bench.jmh;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.RandomPages;
import dev.ashlar.bench.ours.BenchStore;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Reads of 4 KiB from a store in memory whose maps are in the cache. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class MemoryReadBenchmark {

  /** 16 MiB. */
  private static final int PAGES = 1 << 12;

  private final ChunkKey key = ChunkKey.of("read");
  private final RandomPages random = new RandomPages(1, PAGES);
  private final byte[] heap = new byte[Pages.BYTES];
  private ChunkStore store;
  private ByteBuffer aligned;
  private ByteBuffer direct;
  private ByteBuffer onHeap;

  /** Opens the store and writes the chunk. */
  @Setup
  public void open() {
    store = BenchStore.inMemory((long) PAGES * Pages.BYTES);
    aligned = store.allocate(Pages.BYTES);
    direct = ByteBuffer.allocateDirect(Pages.BYTES);
    onHeap = ByteBuffer.wrap(heap);
    store.create(key);
    for (int page = 0; page < PAGES; page++) {
      store.write(key, (long) page * Pages.BYTES, aligned.clear());
    }
  }

  /** Closes the store. */
  @TearDown
  public void close() {
    store.close();
  }

  /**
   * Into a buffer of the store.
   *
   * @return the buffer
   */
  @Benchmark
  public ByteBuffer intoAllocated() {
    return read(aligned);
  }

  /**
   * Into a direct buffer at any address.
   *
   * @return the buffer
   */
  @Benchmark
  public ByteBuffer intoDirect() {
    return read(direct);
  }

  /**
   * Into an array.
   *
   * @return the buffer
   */
  @Benchmark
  public ByteBuffer intoHeap() {
    return read(onHeap);
  }

  private ByteBuffer read(final ByteBuffer buffer) {
    store.read(key, (long) random.next() * Pages.BYTES, buffer.clear());
    return buffer;
  }
}
