package dev.ashlar.bench.measure;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;

/**
 * Keeps a number of asynchronous operations in flight from one thread.
 *
 * <p>A completion only sets the bit of its place; the thread that measures checks the result and
 * starts the next operation there. So nothing of the benchmark runs in the store's threads.
 */
public final class AsyncWindow {

  private static final long PATIENCE_NANOS = Duration.ofSeconds(60).toNanos();

  private final int depth;
  private final AtomicLong completed = new AtomicLong();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final BiConsumer<Object, Throwable>[] callbacks;
  private volatile Thread driver;

  /** What each place of the window does. */
  public interface Operation {
    /**
     * Starts the next operation.
     *
     * @param place from 0 to the depth, exclusive; nothing else is in flight there
     * @return completes when it is done
     */
    CompletionStage<?> start(int place);

    /**
     * Checks the result of the operation that was in flight.
     *
     * @param place where it was
     * @return whether it counts; false for a step towards an operation
     */
    default boolean finished(final int place) {
      return true;
    }
  }

  /**
   * Makes a window.
   *
   * @param depth operations in flight, 1 to 64
   */
  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
  public AsyncWindow(final int depth) {
    if (depth < 1 || depth > Long.SIZE) {
      throw new IllegalArgumentException("depth is " + depth + ", must be 1 to " + Long.SIZE);
    }
    this.depth = depth;
    this.callbacks = new BiConsumer[depth];
    for (int i = 0; i < depth; i++) {
      final long bit = 1L << i;
      callbacks[i] = (result, error) -> complete(bit, error);
    }
  }

  /**
   * Measures the rate.
   *
   * @param slice how long, but at least until one operation is done; what is in flight then is
   *     awaited and does not count
   * @param operation what to do
   * @return operations a second
   */
  public double perSecond(final Duration slice, final Operation operation) {
    driver = Thread.currentThread();
    final long start = System.nanoTime();
    long end = start + Math.max(slice.toNanos(), PATIENCE_NANOS); // until the first is done
    for (int place = 0; place < depth; place++) {
      start(operation, place);
    }
    long count = 0;
    while (System.nanoTime() < end) {
      for (long places = take(end); places != 0; places &= places - 1) {
        final int place = Long.numberOfTrailingZeros(places);
        if (operation.finished(place)) {
          count++;
          end = start + slice.toNanos();
        }
        start(operation, place);
      }
    }
    final double rate = count * 1e9 / (System.nanoTime() - start);
    drain(operation);
    return rate;
  }

  private void start(final Operation operation, final int place) {
    operation.start(place).whenComplete(callbacks[place]);
  }

  private void complete(final long bit, final Throwable error) {
    if (error != null) {
      failure.compareAndSet(null, error);
    }
    if (completed.getAndAccumulate(bit, (a, b) -> a | b) == 0) {
      LockSupport.unpark(driver);
    }
  }

  /** The places that have completed since the last call; waits for one until the end. */
  private long take(final long end) {
    while (completed.get() == 0) {
      final long left = end - System.nanoTime();
      if (left <= 0) {
        return 0;
      }
      LockSupport.parkNanos(this, left);
    }
    final Throwable error = failure.get();
    if (error != null) {
      throw new IllegalStateException("an operation failed: " + error, error);
    }
    return completed.getAndSet(0);
  }

  private void drain(final Operation operation) {
    final long all = depth == Long.SIZE ? -1L : (1L << depth) - 1;
    final long end = System.nanoTime() + PATIENCE_NANOS;
    long done = 0;
    while (done != all) {
      final long places = take(end);
      if (places == 0) {
        throw new IllegalStateException("operations are still in flight after a minute");
      }
      for (long rest = places; rest != 0; rest &= rest - 1) {
        operation.finished(Long.numberOfTrailingZeros(rest));
      }
      done |= places;
    }
  }
}
