package dev.ashlar.bench.jmh;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.Durability;
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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Overwrites of 4 KiB, one after the other, on a store in memory: the path without any device. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class MemoryWriteBenchmark {

  /** 16 MiB. */
  private static final int PAGES = 1 << 12;

  @Param private Durability durability;

  private final ChunkKey key = ChunkKey.of("write");
  private final RandomPages random = new RandomPages(1, PAGES);
  private ChunkStore store;
  private ByteBuffer buffer;

  /** Opens the store and writes the chunk. */
  @Setup
  public void open() {
    store = BenchStore.inMemory((long) PAGES * Pages.BYTES);
    buffer = store.allocate(Pages.BYTES);
    store.create(key);
    for (int page = 0; page < PAGES; page++) {
      store.write(key, (long) page * Pages.BYTES, buffer.clear());
    }
  }

  /** Closes the store. */
  @TearDown
  public void close() {
    store.close();
  }

  /** One overwrite. */
  @Benchmark
  public void overwrite() {
    store.write(key, (long) random.next() * Pages.BYTES, buffer.clear(), durability);
  }
}
