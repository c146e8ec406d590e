package dev.ashlar.internal.engine;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;

/**
 * Objects that are used again. Bounded; lock-free; a thread finds what it gave back at the place
 * where it looks first.
 */
final class ObjectPool<T> {
  private static final int PROBES = 8;

  private final AtomicReferenceArray<T> places;
  private final Supplier<T> factory;

  /**
   * An empty pool.
   *
   * @param capacity most objects kept, a power of two
   * @param factory makes a new one when there is none
   */
  ObjectPool(final int capacity, final Supplier<T> factory) {
    this.places = new AtomicReferenceArray<>(capacity);
    this.factory = factory;
  }

  T take() {
    final int mask = places.length() - 1;
    int place = (int) Thread.currentThread().getId() * PROBES;
    for (int i = 0; i < PROBES; i++, place++) {
      if (places.get(place & mask) != null) {
        final T object = places.getAndSet(place & mask, null);
        if (object != null) {
          return object;
        }
      }
    }
    return factory.get();
  }

  void give(final T object) {
    final int mask = places.length() - 1;
    int place = (int) Thread.currentThread().getId() * PROBES;
    for (int i = 0; i < PROBES; i++, place++) {
      if (places.get(place & mask) == null && places.compareAndSet(place & mask, null, object)) {
        return;
      }
    }
  }
}
