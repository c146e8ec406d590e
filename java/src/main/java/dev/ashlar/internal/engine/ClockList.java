package dev.ashlar.internal.engine;

import org.jspecify.annotations.Nullable;

/**
 * The entries of a cache in the order of their insertion, with a limit on their bytes. Eviction is
 * second chance: the oldest entry goes, unless it was used since it was looked at last.
 *
 * <p>No other lock is taken while this one is held; entries are dropped outside it, under the locks
 * of their chunks.
 */
class ClockList {
  // One call looks at so many entries at most; each is looked at twice or more before it goes.
  private static final int LOOKS = 64;
  private static final int LOOKS_PER_RELEASED = 8;

  private final long limitBytes;
  private @Nullable CacheEntry newest;
  private @Nullable CacheEntry oldest;
  private long usedBytes;
  private long entries;
  private long evictions;

  ClockList(final long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /**
   * Takes an entry in, then drops others while there are too many. Not under a chunk's lock. The
   * entry itself stays, however little room there is: whoever brought it needs it once at least,
   * and would bring it again for ever.
   */
  void add(final CacheEntry entry) {
    synchronized (this) {
      charge(entry);
      if (!entry.removed) {
        entries++;
        link(entry);
      }
    }
    evict(LOOKS, entry);
  }

  /** Drops entries while there are too many, now that so many are not in use any more. */
  void trim(final int released) {
    evict(LOOKS + LOOKS_PER_RELEASED * released, null);
  }

  /** Takes note of another size. */
  synchronized void resized(final CacheEntry entry) {
    charge(entry);
  }

  /** Forgets an entry that is gone; again is fine. */
  synchronized void remove(final CacheEntry entry) {
    if (entry.removed) {
      return;
    }
    entry.removed = true;
    usedBytes -= entry.chargedBytes;
    entry.chargedBytes = 0;
    if (entry.linked) {
      entries--;
      unlink(entry);
    }
  }

  synchronized long usedBytes() {
    return usedBytes;
  }

  synchronized long entries() {
    return entries;
  }

  synchronized long evictions() {
    return evictions;
  }

  long limitBytes() {
    return limitBytes;
  }

  /** Called outside the lock for every entry that has been dropped. */
  void dropped(final CacheEntry entry) {}

  private void evict(final int looks, final @Nullable CacheEntry kept) {
    for (int look = 0; look < looks && usedBytes() > limitBytes; look++) {
      final CacheEntry victim = lookAtOldest(kept);
      if (victim == null) {
        continue;
      }
      if (victim.tryEvict() == CacheEntry.Eviction.PINNED) {
        putBack(victim);
      } else {
        forgetVictim(victim);
        dropped(victim);
      }
    }
  }

  /** Takes out the oldest entry; one that may stay becomes the newest, and null is returned. */
  private synchronized @Nullable CacheEntry lookAtOldest(final @Nullable CacheEntry kept) {
    final CacheEntry entry = oldest;
    if (entry == null) {
      return null;
    }
    unlink(entry);
    if (!entry.referenced && entry != kept) {
      return entry;
    }
    entry.referenced = false;
    link(entry);
    return null;
  }

  private synchronized void putBack(final CacheEntry entry) {
    if (entry.removed) {
      entries--;
    } else {
      link(entry);
    }
  }

  private synchronized void forgetVictim(final CacheEntry entry) {
    entries--;
    evictions++;
    if (!entry.removed) {
      entry.removed = true;
      usedBytes -= entry.chargedBytes;
      entry.chargedBytes = 0;
    }
  }

  private void charge(final CacheEntry entry) {
    if (!entry.removed) {
      final int bytes = entry.heapBytes();
      usedBytes += bytes - entry.chargedBytes;
      entry.chargedBytes = bytes;
    }
  }

  private void link(final CacheEntry entry) {
    entry.older = newest;
    entry.newer = null;
    if (newest != null) {
      newest.newer = entry;
    } else {
      oldest = entry;
    }
    newest = entry;
    entry.linked = true;
  }

  private void unlink(final CacheEntry entry) {
    if (entry.newer != null) {
      entry.newer.older = entry.older;
    } else {
      newest = entry.older;
    }
    if (entry.older != null) {
      entry.older.newer = entry.newer;
    } else {
      oldest = entry.newer;
    }
    entry.newer = null;
    entry.older = null;
    entry.linked = false;
  }
}
