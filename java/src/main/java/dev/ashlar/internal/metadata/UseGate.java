package dev.ashlar.internal.metadata;

import dev.ashlar.StoreClosedException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Counts the calls that are inside native code, so that what is behind can be replaced while later
 * calls wait, and closed while later ones are refused. Entering and leaving allocate nothing.
 *
 * <p>Whoever is inside must not wait for somebody who enters: he may wait for a pause to end.
 */
final class UseGate {
  private static final long CLOSED = 1L << 62;
  private static final long PAUSED = 1L << 61;
  private static final long PAUSE_NANOS = 100_000;

  private final String what;
  private final AtomicLong state = new AtomicLong();

  UseGate(final String what) {
    this.what = what;
  }

  /** Begins a call, after a pause if there is one; {@link #exit} ends it. */
  void enter() {
    while (state.incrementAndGet() >= PAUSED) {
      if (state.decrementAndGet() >= CLOSED) {
        throw new StoreClosedException(what + " is closed");
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  void exit() {
    state.decrementAndGet();
  }

  /** Lets later calls wait until {@link #resume}, and waits for those that are running. */
  void pause() {
    while (true) {
      final long now = state.get();
      if (now >= CLOSED) {
        throw new StoreClosedException(what + " is closed");
      }
      if (now < PAUSED && state.compareAndSet(now, now | PAUSED)) {
        break;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    await(PAUSED);
  }

  /** Ends the pause. */
  void resume() {
    state.addAndGet(-PAUSED);
  }

  /**
   * Refuses later calls and waits for those that are running, and for a pause to end.
   *
   * @return true for the first caller only, who has to close what is behind; others return at once
   */
  boolean close() {
    long now = state.get();
    while (!state.compareAndSet(now, now | CLOSED)) {
      now = state.get();
    }
    if (now >= CLOSED) {
      return false;
    }
    await(CLOSED);
    return true;
  }

  /** Nobody is inside: calls are short, a read or one synced write. */
  private void await(final long empty) {
    while ((state.get() & ~CLOSED) != (empty & ~CLOSED)) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
