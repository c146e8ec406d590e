package dev.ashlar.process;

import dev.ashlar.testing.Model;
import dev.ashlar.testing.RandomChange;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What one thread does in all the lives of a store: random changes that follow from a seed, so that
 * the process that makes them and the one that judges them need not tell each other what they are.
 *
 * <p>How many changes of each life survived is all that has to be known.
 */
final class Script {
  private final RandomChange.Shape shape;
  private final SplittableRandom seeds;
  private Model base = new Model();
  private long seedOfLife;

  Script(final long seed, final int thread, final int maxBytes) {
    this.shape = new RandomChange.Shape("thread-" + thread + "-", 3, maxBytes, true);
    this.seeds = new SplittableRandom(seed + thread);
    this.seedOfLife = seeds.nextLong();
  }

  String prefix() {
    return shape.prefix();
  }

  /** The changes of the current life, without end. */
  Changes changes() {
    return new Changes();
  }

  /** The current life ended after some of its changes; the next one begins. */
  void survive(final int count) {
    final Changes changes = changes();
    for (int i = 0; i < count; i++) {
      changes.next();
    }
    base = changes.state;
    seedOfLife = seeds.nextLong();
  }

  /** The states after {@code from} to {@code to} changes of the current life. */
  List<Model> states(final int from, final int to) {
    final Changes changes = changes();
    final List<Model> states = new ArrayList<>();
    for (int i = 0; i < from; i++) {
      changes.next();
    }
    states.add(changes.state.copy());
    for (int i = from; i < to; i++) {
      changes.next();
      states.add(changes.state.copy());
    }
    return states;
  }

  /** For a state that does not fit: which it is, and the last changes of the current life. */
  String explain(final Model held, final int asked) {
    final StringBuilder text = new StringBuilder("it is the state after");
    final List<Model> states = states(0, asked);
    for (int i = 0; i < states.size(); i++) {
      if (states.get(i).difference(held).isEmpty()) {
        text.append(' ').append(i);
      }
    }
    text.append(" changes of these:");
    final Changes changes = changes();
    for (int i = 1; i <= asked; i++) {
      text.append("\n").append(i).append(": ").append(changes.next());
    }
    return text.toString();
  }

  /** Makes changes one after the other. */
  final class Changes {
    private final SplittableRandom random = new SplittableRandom(seedOfLife);
    private final Model state = base.copy();

    RandomChange next() {
      final RandomChange change = RandomChange.next(state, random, shape);
      change.apply(state);
      return change;
    }
  }
}
