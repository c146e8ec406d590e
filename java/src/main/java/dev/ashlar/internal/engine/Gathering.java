package dev.ashlar.internal.engine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets the committer wait for requests whose data is still moving, so that one flush and one synced
 * batch serve them all.
 *
 * <p>A device that is busy with writes flushes slowly: a group that goes ahead of writes under way
 * waits for most of them all the same, and those that come a moment later wait for the whole group.
 * So it is worth waiting for each of them as long as a commit takes, and no longer. Where commits
 * are quick, as in memory, nobody waits; nor does a request that is alone.
 */
final class Gathering {
  private static final long QUICK_NANOS = TimeUnit.MICROSECONDS.toNanos(100);
  private static final long MAX_PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final int WEIGHT = 8;
  private static final long NEVER = Long.MAX_VALUE;

  private final AtomicLong expected = new AtomicLong();
  private final AtomicLong arrived = new AtomicLong();

  /** The waiting committer is woken by this arrival. */
  private volatile long wakeAt = NEVER;

  /** About how long a commit takes; the committer's. */
  private long commitNanos;

  /** A request is in the queues of its chunks: it will arrive, or fail and arrive. Any thread. */
  void expect() {
    expected.getAndIncrement();
  }

  /**
   * An expected request has come to the committer, or never will; any thread.
   *
   * @return whether the committer waits for just this
   */
  boolean arrive() {
    return arrived.incrementAndGet() >= wakeAt;
  }

  /** Whether everything that was expected has come, or never will. */
  boolean isQuiet() {
    final long here = arrived.get(); // first: what arrives was expected before
    return expected.get() == here;
  }

  /** A commit took so long. */
  void committed(final long nanos) {
    commitNanos += (nanos - commitNanos) / WEIGHT;
  }

  /** Waits for what is under way now, unless it stays away too long. For the committer. */
  void await() {
    if (commitNanos < QUICK_NANOS) {
      return;
    }
    final long patienceNanos = Math.min(commitNanos, MAX_PATIENCE_NANOS);
    final long all = expected.get();
    long seen = arrived.get();
    while (seen < all) {
      wakeAt = all;
      if (arrived.get() < all) {
        LockSupport.parkNanos(this, patienceNanos);
      }
      wakeAt = NEVER;
      final long now = arrived.get();
      if (now == seen) {
        return;
      }
      seen = now;
    }
  }
}
