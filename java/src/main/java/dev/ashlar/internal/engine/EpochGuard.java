package dev.ashlar.internal.engine;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Knows when everybody who was inside at some moment has left.
 *
 * <p>Entering counts the caller under the current of two phases. {@link #flip} makes the other
 * phase current; once the count of the old one is zero, everybody who was inside before has left.
 * Whoever is counted under the old phase after a flip was not yet certain of it and counts himself
 * anew. The counters are striped by thread, so entering contends with nobody, and nothing is
 * allocated.
 */
final class EpochGuard {
  private static final int STRIPES =
      Integer.highestOneBit(Math.max(1, Runtime.getRuntime().availableProcessors() * 4 - 1)) << 1;
  private static final int INTS_PER_LINE = 32;

  private final AtomicIntegerArray counts = new AtomicIntegerArray(2 * STRIPES * INTS_PER_LINE);
  private volatile int phase;
  private volatile boolean closed;

  /**
   * Enters. Must be followed by {@link #exit} with the result, by any thread.
   *
   * @return a token, or -1 if the guard is closed: then the caller is not inside
   */
  int enter() {
    final int stripe = stripe();
    while (true) {
      final int seen = phase;
      final int index = index(stripe, seen);
      counts.getAndIncrement(index);
      if (phase == seen) {
        if (closed) {
          counts.getAndDecrement(index);
          return -1;
        }
        return index;
      }
      counts.getAndDecrement(index);
    }
  }

  void exit(final int token) {
    counts.getAndDecrement(token);
  }

  /** From now on nobody enters any more. */
  void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }

  /**
   * Starts to wait for everybody who is inside now. One caller at a time, and only after the last
   * wait has ended.
   *
   * @return what {@link #hasLeft} wants to know
   */
  int flip() {
    final int old = phase;
    phase = old ^ 1;
    return old;
  }

  /** Whether everybody has left who was inside when {@link #flip} gave {@code old}. */
  boolean hasLeft(final int old) {
    for (int stripe = 0; stripe < STRIPES; stripe++) {
      if (counts.get(index(stripe, old)) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether nobody is inside; certain only once the guard is closed. */
  boolean isEmpty() {
    return hasLeft(0) && hasLeft(1);
  }

  private static int stripe() {
    final long id = Thread.currentThread().getId();
    return (int) (id * 0x9E3779B97F4A7C15L >>> 40) & (STRIPES - 1);
  }

  private static int index(final int stripe, final int phase) {
    return (2 * stripe + phase) * INTS_PER_LINE;
  }
}
