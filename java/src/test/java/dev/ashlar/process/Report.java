package dev.ashlar.process;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** What a {@link Victim} has said of its life: what it asked for, what was acknowledged, when. */
final class Report {
  /** The store is open. */
  static final char OPEN = 'o';

  /** A change is about to be asked for. */
  static final char ASKED = '?';

  /** It was acknowledged, and it and what the thread did before it must survive. */
  static final char DURABLE = 'd';

  /** It was acknowledged as ordered. */
  static final char ORDERED = 'a';

  private final int[] asked;
  private final int[] durable;

  /** {@code before[t]} after n: per thread, what had been acknowledged when t asked for its nth. */
  private final List<List<int[]>> before;

  private final int acknowledgements;

  /** Reads the lines. */
  Report(final int threads, final List<String> lines) {
    asked = new int[threads];
    durable = new int[threads];
    final int[] acknowledged = new int[threads];
    before =
        IntStream.range(0, threads).<List<int[]>>mapToObj(thread -> new ArrayList<>()).toList();
    int count = 0;
    for (final String line : lines) {
      final String[] words = line.split(" ");
      final int thread = Integer.parseInt(words[1]);
      final int number = Integer.parseInt(words[2]);
      switch (line.charAt(0)) {
        case OPEN -> {}
        case ASKED -> {
          asked[thread] = number;
          before.get(thread).add(acknowledged.clone());
        }
        case ORDERED -> {
          acknowledged[thread] = number;
          count++;
        }
        case DURABLE -> {
          acknowledged[thread] = number;
          durable[thread] = number;
          count++;
        }
        default -> throw new AssertionError("not a line of a victim: " + line);
      }
    }
    acknowledgements = count;
  }

  int threads() {
    return asked.length;
  }

  /** How many changes a thread asked for. */
  int asked(final int thread) {
    return asked[thread];
  }

  /** How many of a thread's changes must survive, whatever survives of others. */
  int durable(final int thread) {
    return durable[thread];
  }

  /** How many changes were acknowledged. */
  int acknowledgements() {
    return acknowledgements;
  }

  /**
   * How many of each thread's changes had been acknowledged when a thread asked for one: if that
   * one survived, so must they.
   */
  int[] acknowledgedBefore(final int thread, final int number) {
    return number == 0 ? new int[asked.length] : before.get(thread).get(number - 1);
  }

  @Override
  public String toString() {
    return "asked " + Arrays.toString(asked) + ", durable " + Arrays.toString(durable);
  }
}
