package dev.ashlar.internal.engine;

import dev.ashlar.ChunkKey;
import dev.ashlar.bench.measure.RandomPages;
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
import org.openjdk.jmh.annotations.Warmup;

/** From a page of a chunk to its place, with the map in the cache: what a hot read looks up. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class SegmentMapBenchmark {

  private static final int SEGMENT_PAGES = 256;

  /** Segments of the chunk: one node, two levels, three levels. */
  @Param({"1", "64", "4096"})
  private int segments;

  private final Chunk chunk = new Chunk(ChunkKey.of("some-object", 7), null);
  private RandomPages random;

  /** Fills the map. */
  @Setup
  public void fill() {
    for (int number = 0; number < segments; number++) {
      final CachedSegment segment = new CachedSegment(chunk, number);
      for (int page = 0; page < SEGMENT_PAGES; page++) {
        segment.set(page, (long) number * SEGMENT_PAGES + page, page);
      }
      chunk.segments.put(number, segment);
    }
    random = new RandomPages(1, segments * SEGMENT_PAGES);
  }

  /**
   * One page, at random.
   *
   * @return its place
   */
  @Benchmark
  public long findPage() {
    final int page = random.next();
    return chunk.segments.get(page / SEGMENT_PAGES).location(page % SEGMENT_PAGES);
  }
}
