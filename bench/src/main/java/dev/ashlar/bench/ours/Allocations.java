package dev.ashlar.bench.ours;

import dev.ashlar.bench.measure.HeapMeter;
import dev.ashlar.bench.measure.Median;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.measure.Repeat;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Heap bytes that an operation allocates, in all threads together. Asynchronous operations are
 * joined, not given callbacks, so that the benchmark itself allocates nothing.
 */
public final class Allocations {

  private static final int DEPTH = 32;
  private static final int ROUNDS = 3;

  private final ChunkSet set;
  private final HeapMeter meter = new HeapMeter();

  Allocations(final ChunkSet set) {
    this.set = set;
  }

  /**
   * Reads of a page in the calling thread.
   *
   * @param slice how long
   * @return bytes an operation
   * @throws Exception if one failed
   */
  public double syncRead(final Duration slice) throws Exception {
    return repeat(slice, new SyncReads(set));
  }

  /**
   * Durable writes of a page in the calling thread.
   *
   * @param slice how long
   * @return bytes an operation
   * @throws Exception if one failed
   */
  public double syncWrite(final Duration slice) throws Exception {
    return repeat(slice, new SyncWrites(set));
  }

  /**
   * Reads of a page, 32 in flight.
   *
   * @param slice how long
   * @return bytes an operation
   * @throws Exception if one failed
   */
  public double asyncRead(final Duration slice) throws Exception {
    return inFlight(slice, new AsyncReads(set, DEPTH)::start);
  }

  /**
   * Durable writes of a page, 32 in flight.
   *
   * @param slice how long
   * @return bytes an operation
   * @throws Exception if one failed
   */
  public double asyncWrite(final Duration slice) throws Exception {
    return inFlight(slice, new AsyncWrites(set, Pages.BYTES, DEPTH)::start);
  }

  /**
   * Warms up, then takes the median of some times: what the JVM does once is not an operation's.
   */
  private double repeat(final Duration slice, final Repeat.Operation operation) throws Exception {
    times(slice, operation);
    final double[] bytes = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      bytes[round] = meter.bytesPerOperation(() -> times(slice, operation));
    }
    return Median.of(bytes);
  }

  private static long times(final Duration slice, final Repeat.Operation operation)
      throws Exception {
    final long end = System.nanoTime() + slice.toNanos();
    long count = 0;
    while (System.nanoTime() < end) {
      operation.run();
      count++;
    }
    return count;
  }

  /** Starts the next operation of a place. */
  private interface Start {
    CompletableFuture<?> at(int place);
  }

  private double inFlight(final Duration slice, final Start start) throws Exception {
    final CompletableFuture<?>[] futures = new CompletableFuture<?>[DEPTH];
    for (int place = 0; place < DEPTH; place++) {
      futures[place] = start.at(place);
    }
    final Repeat.Operation next =
        new Repeat.Operation() {
          private int place;

          @Override
          public void run() {
            futures[place].join();
            futures[place] = start.at(place);
            place = (place + 1) % DEPTH;
          }
        };
    final double bytes = repeat(slice, next);
    CompletableFuture.allOf(futures).join();
    return bytes;
  }
}
