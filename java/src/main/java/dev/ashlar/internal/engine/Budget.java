package dev.ashlar.internal.engine;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bounds what operations under way hold in memory. Each takes its cost before it starts and gives
 * it back when it is over; whoever finds nothing left waits, except on threads of the library,
 * which go beyond the limit instead of waiting for themselves.
 */
final class Budget {
  private final long limit;
  private final AtomicLong used = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition released = lock.newCondition();
  private volatile int waiting;

  Budget(final long limit) {
    this.limit = limit;
  }

  /** Takes a cost. An operation that costs more than the limit goes alone. */
  void acquire(final long cost, final boolean mayWait) {
    if (tryAcquire(cost)) {
      return;
    }
    if (!mayWait) {
      used.addAndGet(cost);
      return;
    }
    lock.lock();
    try {
      waiting++;
      while (!tryAcquire(cost)) {
        released.awaitUninterruptibly();
      }
      waiting--;
    } finally {
      lock.unlock();
    }
  }

  void release(final long cost) {
    used.addAndGet(-cost);
    if (waiting > 0) {
      lock.lock();
      try {
        released.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits until nothing is under way. */
  void awaitIdle() {
    lock.lock();
    try {
      waiting++;
      while (used.get() != 0) {
        released.awaitUninterruptibly();
      }
      waiting--;
    } finally {
      lock.unlock();
    }
  }

  long used() {
    return used.get();
  }

  long limit() {
    return limit;
  }

  private boolean tryAcquire(final long cost) {
    while (true) {
      final long seen = used.get();
      if (seen != 0 && seen + cost > limit) {
        return false;
      }
      if (used.compareAndSet(seen, seen + cost)) {
        return true;
      }
    }
  }
}
