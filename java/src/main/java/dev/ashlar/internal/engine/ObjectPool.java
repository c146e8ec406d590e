package dev.ashlar.internal.engine;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Objects that are used again. Bounded; lock-free; allocates nothing but the objects.
 *
 * <p>A thread finds what it gave back last at a place of its own. What one thread takes and another
 * gives back goes through a ring: each cell's number says whose turn it is, the taker's or the
 * giver's, of which round.
 */
final class ObjectPool<T> {
  private static final int OWN_PLACES = 64;
  private static final int PLACE_STRIDE = 16; // references to a cache line

  private final Supplier<T> factory;
  private final AtomicReferenceArray<T> own = new AtomicReferenceArray<>(OWN_PLACES * PLACE_STRIDE);
  private final AtomicReferenceArray<T> cells;
  private final AtomicLongArray turns;
  private final AtomicLong takes = new AtomicLong();
  private final AtomicLong gives = new AtomicLong();
  private final int mask;

  /**
   * An empty pool.
   *
   * @param capacity of the ring, a power of two
   * @param factory makes a new one when there is none
   */
  ObjectPool(final int capacity, final Supplier<T> factory) {
    this.factory = factory;
    this.cells = new AtomicReferenceArray<>(capacity);
    this.turns = new AtomicLongArray(capacity);
    this.mask = capacity - 1;
    for (int i = 0; i < capacity; i++) {
      turns.set(i, i);
    }
  }

  T take() {
    final int place = ownPlace();
    if (own.get(place) != null) {
      final T object = own.getAndSet(place, null);
      if (object != null) {
        return object;
      }
    }
    final T object = poll();
    return object == null ? factory.get() : object;
  }

  void give(final T object) {
    final int place = ownPlace();
    if (own.get(place) != null || !own.compareAndSet(place, null, object)) {
      offer(object);
    }
  }

  private static int ownPlace() {
    return ((int) Thread.currentThread().getId() & (OWN_PLACES - 1)) * PLACE_STRIDE;
  }

  private @Nullable T poll() {
    while (true) {
      final long take = takes.get();
      final int cell = (int) take & mask;
      final long ahead = turns.get(cell) - (take + 1);
      if (ahead < 0) {
        return null; // empty
      }
      if (ahead == 0 && takes.compareAndSet(take, take + 1)) {
        final T object = cells.get(cell);
        cells.set(cell, null);
        turns.set(cell, take + mask + 1);
        return object;
      }
    }
  }

  private void offer(final T object) {
    while (true) {
      final long give = gives.get();
      final int cell = (int) give & mask;
      final long ahead = turns.get(cell) - give;
      if (ahead < 0) {
        return; // full: the garbage collector may have it
      }
      if (ahead == 0 && gives.compareAndSet(give, give + 1)) {
        cells.set(cell, object);
        turns.set(cell, give + 1);
        return;
      }
    }
  }
}
