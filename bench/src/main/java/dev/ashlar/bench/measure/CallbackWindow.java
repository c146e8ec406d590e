package dev.ashlar.bench.measure;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;

/**
 * Keeps a number of asynchronous operations in flight from their own callbacks: the end of each
 * checks its result and starts the next in the same place, in whatever thread that is. So does a
 * benchmark that polls, such as bdevperf.
 */
public final class CallbackWindow {

  /** The clock is looked at once in so many operations. */
  private static final int CLOCK_STEP = 16;

  private static final long PATIENCE_SECONDS = 60;

  private final int depth;

  /**
   * Makes a window.
   *
   * @param depth operations in flight, at least 1
   */
  public CallbackWindow(final int depth) {
    if (depth < 1) {
      throw new IllegalArgumentException("depth is " + depth + ", must be at least 1");
    }
    this.depth = depth;
  }

  /**
   * Measures the rate.
   *
   * @param slice how long; what is in flight then is awaited and counts
   * @param operation what to do; called in several threads, for each place in one at a time
   * @return operations a second
   */
  public double perSecond(final Duration slice, final AsyncWindow.Operation operation) {
    final Run run = new Run(operation, slice.toNanos(), depth);
    for (int place = 0; place < depth; place++) {
      run.new Place(place).go();
    }
    return run.rate();
  }

  private static final class Run {
    private final AsyncWindow.Operation operation;
    private final long startNanos = System.nanoTime();
    private final long endNanos;
    private final CountDownLatch busy;
    private final AtomicLong count = new AtomicLong();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Run(final AsyncWindow.Operation operation, final long nanos, final int depth) {
      this.operation = operation;
      this.endNanos = startNanos + nanos;
      this.busy = new CountDownLatch(depth);
    }

    double rate() {
      try {
        if (!busy.await(
            TimeUnit.NANOSECONDS.toSeconds(endNanos - startNanos) + PATIENCE_SECONDS,
            TimeUnit.SECONDS)) {
          throw new IllegalStateException("operations are still in flight after a minute");
        }
      } catch (final InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
      final Throwable error = failure.get();
      if (error != null) {
        throw new IllegalStateException("an operation failed: " + error, error);
      }
      return count.get() * 1e9 / (System.nanoTime() - startNanos);
    }

    private final class Place implements BiConsumer<Object, Throwable> {
      private final int place;
      private long done;
      private long counted;

      Place(final int place) {
        this.place = place;
      }

      /** Goes on until an operation does not end at once: then its callback does. */
      void go() {
        try {
          while (true) {
            final CompletableFuture<?> future = operation.start(place).toCompletableFuture();
            if (!future.isDone()) {
              future.whenComplete(this);
              return;
            }
            future.join();
            if (!goesOn()) {
              return;
            }
          }
        } catch (final RuntimeException | Error e) {
          stop(e);
        }
      }

      @Override
      public void accept(final Object result, final Throwable error) {
        try {
          if (error != null) {
            stop(error);
          } else if (goesOn()) {
            go();
          }
        } catch (final RuntimeException | Error e) {
          stop(e);
        }
      }

      private boolean goesOn() {
        if (operation.finished(place)) {
          counted++;
        }
        if (++done % CLOCK_STEP != 0 || System.nanoTime() - endNanos < 0 && failure.get() == null) {
          return true;
        }
        count.addAndGet(counted);
        busy.countDown();
        return false;
      }

      private void stop(final Throwable error) {
        failure.compareAndSet(null, error);
        busy.countDown();
      }
    }
  }
}
