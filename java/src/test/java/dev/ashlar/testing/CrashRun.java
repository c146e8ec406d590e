package dev.ashlar.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkStore;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/** Threads change a store until the power goes; what is there afterwards must be legal. */
public final class CrashRun {
  private final SplittableRandom random;
  private final boolean ordered;
  private final int maxBytes;
  private Model model = new Model();

  /** Starts with an empty store. */
  public CrashRun(final SplittableRandom random, final boolean ordered, final int maxBytes) {
    this.random = random;
    this.ordered = ordered;
    this.maxBytes = maxBytes;
  }

  /**
   * One life of the store.
   *
   * @param threads that change it
   * @param millis until the power goes
   * @param store the open store, before and after
   * @param crash takes the power away, with a seed, and opens what is left
   */
  public void life(
      final int threads,
      final int millis,
      final Supplier<ChunkStore> store,
      final LongConsumer crash)
      throws InterruptedException {
    final List<Worker> workers = new ArrayList<>();
    final List<Thread> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      final var shape = new RandomChange.Shape("thread-" + i + "-", 3, maxBytes, ordered);
      final Worker worker = new Worker(store.get(), random.split(), shape, model);
      workers.add(worker);
      running.add(new Thread(worker, "worker-" + i));
    }
    running.forEach(Thread::start);
    Thread.sleep(millis);
    for (final Worker worker : workers) {
      assertThat(worker.failure()).as("failure before the crash").isNull();
    }
    final int[] least = workers.stream().mapToInt(Worker::mustSurvive).toArray();
    crash.accept(random.nextLong());
    workers.forEach(Worker::stop);
    for (final Thread thread : running) {
      thread.join();
    }
    final Model survived = new Model();
    for (int i = 0; i < threads; i++) {
      survived.addAll(workers.get(i).judge(store.get(), least[i], workers.get(i).issued()));
    }
    survived.assertHeldBy(store.get());
    assertThat(store.get().stats().problems()).isEmpty();
    model = survived;
  }
}
