package dev.ashlar.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkStore;
import dev.ashlar.OutOfSpaceException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Threads change a store that runs out of space now and then. Each has chunks of its own. A change
 * that was acknowledged must be there; one that was refused must be there entirely or not at all,
 * and once the store takes changes again that is decided.
 */
public final class FullRun {
  private final SplittableRandom random;
  private final boolean ordered;
  private final int maxBytes;
  private final List<Model> models = new ArrayList<>();

  /** Starts with an empty store. */
  public FullRun(
      final SplittableRandom random, final int threads, final boolean ordered, final int maxBytes) {
    this.random = random;
    this.ordered = ordered;
    this.maxBytes = maxBytes;
    for (int i = 0; i < threads; i++) {
      models.add(new Model());
    }
  }

  private RandomChange.Shape shape(final int thread) {
    return new RandomChange.Shape("thread-" + thread + "-", 3, maxBytes, ordered);
  }

  /**
   * Lets all threads change the store.
   *
   * @param times how often space runs out
   * @param runOut makes it run out, and return
   */
  public void life(final ChunkStore store, final int times, final Runnable runOut)
      throws InterruptedException {
    final boolean[] stop = new boolean[1];
    final List<Throwable> failures = new ArrayList<>();
    final List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      final int number = i;
      final SplittableRandom own = random.split();
      threads.add(
          new Thread(
              () -> {
                try {
                  while (!isSet(stop)) {
                    step(store, number, own);
                  }
                } catch (final RuntimeException | Error e) {
                  synchronized (failures) {
                    failures.add(e);
                  }
                }
              },
              "full-" + i));
    }
    threads.forEach(Thread::start);
    for (int i = 0; i < times; i++) {
      runOut.run();
    }
    synchronized (stop) {
      stop[0] = true;
    }
    for (final Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
    Refusal.awaitSpace(store);
    assertHeldBy(store);
  }

  private static boolean isSet(final boolean[] stop) {
    synchronized (stop) {
      return stop[0];
    }
  }

  private void step(final ChunkStore store, final int thread, final SplittableRandom own) {
    final Model model = models.get(thread);
    final RandomChange change = RandomChange.next(model, own, shape(thread));
    try {
      change.apply(store);
    } catch (final OutOfSpaceException e) {
      if (!Refusal.isThere(change, store, model, shape(thread).prefix())) {
        return;
      }
    }
    change.apply(model);
  }

  /** Fails unless a store holds what was acknowledged, and of what was refused what it held. */
  public void assertHeldBy(final ChunkStore store) {
    all().assertHeldBy(store);
  }

  private Model all() {
    final Model all = new Model();
    models.forEach(all::addAll);
    return all;
  }

  /** Removes every chunk. */
  public void removeAll(final ChunkStore store) {
    all().keys().forEach(store::remove);
    for (int i = 0; i < models.size(); i++) {
      models.set(i, new Model());
    }
    assertThat(Model.of(store, Set.of()).keys()).isEmpty();
  }
}
