package dev.ashlar.internal.engine;

import org.jspecify.annotations.Nullable;

/**
 * Something that the cache may drop: a chunk's entry or the map of one of its segments. The links
 * belong to {@link ClockList}.
 */
abstract class CacheEntry {

  /** What came of an attempt to drop an entry. */
  enum Eviction {
    /** It is gone now. */
    DONE,
    /** It was gone before. */
    GONE,
    /** It is in use. */
    PINNED
  }

  /** Set by whoever uses the entry, cleared by the clock's hand. A race costs one round at most. */
  boolean referenced;

  @Nullable CacheEntry newer;
  @Nullable CacheEntry older;
  boolean linked;
  boolean removed;
  int chargedBytes;

  /** Drops it unless it is in use. */
  abstract Eviction tryEvict();

  /** About how much of the heap it takes. */
  abstract int heapBytes();

  final void touch() {
    if (!referenced) {
      referenced = true;
    }
  }
}
