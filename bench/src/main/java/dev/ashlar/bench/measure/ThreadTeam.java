package dev.ashlar.bench.measure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;

/** Several threads that repeat blocking operations, each its own, for a slice of time. */
public final class ThreadTeam {

  private ThreadTeam() {}

  /**
   * Measures the rate of all threads together.
   *
   * @param slice how long, but at least until one operation is done
   * @param threads how many
   * @param operations gives the operation of each thread, by its number from 0
   * @return operations a second
   * @throws Exception the first that an operation threw
   */
  public static double perSecond(
      final Duration slice, final int threads, final IntFunction<Repeat.Operation> operations)
      throws Exception {
    final CountDownLatch ready = new CountDownLatch(threads);
    final CountDownLatch go = new CountDownLatch(1);
    final AtomicBoolean stop = new AtomicBoolean();
    final AtomicReference<Throwable> failure = new AtomicReference<>();
    final LongAdder count = new LongAdder();
    final List<Thread> team = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      final Repeat.Operation operation = operations.apply(i);
      final Thread thread =
          new Thread(
              () -> {
                try {
                  ready.countDown();
                  go.await();
                  while (!stop.get()) {
                    operation.run();
                    count.increment();
                  }
                } catch (final Throwable e) {
                  failure.compareAndSet(null, e);
                  stop.set(true);
                }
              },
              "bench-" + i);
      thread.start();
      team.add(thread);
    }
    ready.await();
    final long start = System.nanoTime();
    go.countDown();
    Thread.sleep(slice.toMillis());
    while (count.sum() == 0 && !stop.get()) {
      Thread.sleep(1);
    }
    final double rate = count.sum() * 1e9 / (System.nanoTime() - start);
    stop.set(true);
    for (final Thread thread : team) {
      thread.join();
    }
    if (failure.get() != null) {
      throw new IllegalStateException("an operation failed: " + failure.get(), failure.get());
    }
    return rate;
  }
}
