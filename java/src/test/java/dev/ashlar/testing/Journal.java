package dev.ashlar.testing;

import dev.ashlar.ChunkStore;
import dev.ashlar.OutOfSpaceException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/**
 * Random changes by one thread, with the position of the device's log before each was asked for and
 * after it was acknowledged, so that the store can be judged as it was at any position.
 */
public final class Journal {
  private record Entry(RandomChange change, long acknowledged) {}

  private final List<Entry> entries = new ArrayList<>();
  private final Model current = new Model();
  private final RandomChange.Shape shape;

  /** Starts with an empty store. */
  public Journal(final RandomChange.Shape shape) {
    this.shape = shape;
  }

  /** Makes changes in several threads, each with chunks and a journal of its own. */
  public static List<Journal> runThreads(
      final int count,
      final boolean ordered,
      final ChunkStore store,
      final SplittableRandom random,
      final int changes,
      final LongSupplier position)
      throws InterruptedException {
    final List<Journal> journals = new ArrayList<>();
    final List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      final Journal journal =
          new Journal(new RandomChange.Shape("thread-" + i + "-", 3, 300_000, ordered));
      final SplittableRandom own = random.split();
      journals.add(journal);
      threads.add(new Thread(() -> journal.run(store, own, changes, position)));
    }
    threads.forEach(Thread::start);
    for (final Thread thread : threads) {
      thread.join();
    }
    return journals;
  }

  /** Makes a number of changes. */
  public void run(
      final ChunkStore store,
      final SplittableRandom random,
      final int changes,
      final LongSupplier position) {
    for (int i = 0; i < changes; i++) {
      final RandomChange change = RandomChange.next(current, random, shape);
      try {
        change.apply(store);
      } catch (final OutOfSpaceException e) {
        if (!Refusal.isThere(change, store, current, shape.prefix())) {
          continue;
        }
      }
      final long acknowledged = change.isDurable() ? position.getAsLong() : Long.MAX_VALUE;
      synchronized (this) {
        entries.add(new Entry(change, acknowledged));
      }
      change.apply(current);
    }
  }

  /**
   * Fails unless a store holds the state after some prefix of the changes that has every durable
   * one in it that was acknowledged before a position.
   */
  public void judge(final ChunkStore store, final long position) {
    int least = 0;
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i).acknowledged <= position) {
        least = i + 1;
      }
    }
    final Model state = new Model();
    entries.subList(0, least).forEach(entry -> entry.change.apply(state));
    final List<Model> candidates = new ArrayList<>(List.of(state.copy()));
    for (int i = least; i < Math.min(entries.size(), least + MAX_IN_FLIGHT); i++) {
      entries.get(i).change.apply(state);
      candidates.add(state.copy());
    }
    final Model held = Model.of(store, candidates).withPrefix(shape.prefix());
    final List<String> differences = new ArrayList<>();
    for (final Model candidate : candidates) {
      final String difference = candidate.difference(held);
      if (difference.isEmpty()) {
        return;
      }
      differences.add(difference);
    }
    throw new AssertionError(
        "after " + least + " changes, cut at " + position + ": " + String.join("; ", differences));
  }

  // Ordered changes that can be waiting for the next durable one.
  private static final int MAX_IN_FLIGHT = 64;
}
