package dev.ashlar.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.ChunkStore;
import dev.ashlar.OutOfSpaceException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A thread that changes chunks nobody else changes, and remembers what it asked for and what was
 * acknowledged, so that the state after a crash can be judged: it must be the one after some prefix
 * of its changes, with every acknowledged durable one among them.
 */
public final class Worker implements Runnable {
  private final ChunkStore store;
  private final SplittableRandom random;
  private final RandomChange.Shape shape;
  private final Model base;
  private final Model current;
  private final List<RandomChange> issued = new ArrayList<>();
  private int acknowledgedDurable;
  private volatile boolean stop;
  private volatile Throwable failure;

  /** Starts from a state. */
  public Worker(
      final ChunkStore store,
      final SplittableRandom random,
      final RandomChange.Shape shape,
      final Model base) {
    this.store = store;
    this.random = random;
    this.shape = shape;
    this.base = base.withPrefix(shape.prefix()).copy();
    this.current = this.base.copy();
  }

  /** Ends it after its current change. */
  public void stop() {
    stop = true;
  }

  /** What ended it, if it was an error. */
  public Throwable failure() {
    return failure;
  }

  @Override
  public void run() {
    try {
      while (!stop) {
        step();
      }
    } catch (final RuntimeException | Error e) {
      failure = e;
    }
  }

  private void step() {
    final RandomChange change = RandomChange.next(current, random, shape);
    final int number;
    synchronized (this) {
      issued.add(change);
      number = issued.size();
    }
    try {
      change.apply(store);
    } catch (final OutOfSpaceException e) {
      synchronized (this) {
        issued.remove(number - 1);
      }
      return;
    }
    change.apply(current);
    synchronized (this) {
      if (change.isDurable()) {
        acknowledgedDurable = number;
      }
    }
  }

  /** How many of its changes must survive a crash from now on. */
  public synchronized int mustSurvive() {
    return acknowledgedDurable;
  }

  /** How many of its changes there are. */
  public synchronized int issued() {
    return issued.size();
  }

  /**
   * Finds out which of its changes a store holds.
   *
   * @param held what the store holds
   * @param least how many must be there
   * @param most how many may be there
   */
  public Model judge(final ChunkStore held, final int least, final int most) {
    final List<Model> candidates = new ArrayList<>();
    final Model state = base.copy();
    for (int i = 0; i < least; i++) {
      issued.get(i).apply(state);
    }
    candidates.add(state.copy());
    for (int i = least; i < most; i++) {
      issued.get(i).apply(state);
      candidates.add(state.copy());
    }
    final Model actual = Model.of(held, candidates).withPrefix(shape.prefix());
    final List<String> differences = new ArrayList<>();
    for (final Model candidate : candidates) {
      final String difference = candidate.difference(actual);
      if (difference.isEmpty()) {
        return candidate;
      }
      differences.add(difference);
    }
    assertThat(differences)
        .as("states after %s to %s changes, the last: %s", least, most, issued.get(most - 1))
        .isEmpty();
    return actual;
  }
}
