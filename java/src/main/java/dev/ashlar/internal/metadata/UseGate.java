package dev.ashlar.internal.metadata;

import dev.ashlar.StoreClosedException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Counts the calls that are inside native code, so that close can wait for them and later ones are
 * refused. Entering and leaving allocate nothing.
 */
final class UseGate {
  private static final long CLOSED = 1L << 62;
  private static final long PAUSE_NANOS = 100_000;

  private final String what;
  private final AtomicLong state = new AtomicLong();

  UseGate(final String what) {
    this.what = what;
  }

  /** Begins a call; {@link #exit} ends it. */
  void enter() {
    if (state.incrementAndGet() >= CLOSED) {
      state.decrementAndGet();
      throw new StoreClosedException(what + " is closed");
    }
  }

  void exit() {
    state.decrementAndGet();
  }

  /**
   * Refuses later calls and waits for those that are running.
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
    while (state.get() != CLOSED) {
      LockSupport.parkNanos(PAUSE_NANOS); // calls are short: a read, or one synced write
    }
    return true;
  }
}
