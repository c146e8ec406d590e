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
  private static final int STEPS = 64;

  private final long limitBytes;
  private @Nullable CacheEntry newest;
  private @Nullable CacheEntry oldest;
  private long usedBytes;
  private long entries;
  private long evictions;

  ClockList(final long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** Takes an entry in, then drops others while there are too many. Not under a chunk's lock. */
  void add(final CacheEntry entry) {
    synchronized (this) {
      charge(entry);
      if (!entry.removed) {
        entries++;
        link(entry);
      }
    }
    evict();
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

  private void evict() {
    for (int step = 0; step < STEPS; step++) {
      final CacheEntry victim = nextVictim();
      if (victim == null) {
        return;
      }
      if (victim.tryEvict() == CacheEntry.Eviction.PINNED) {
        putBack(victim);
      } else {
        forgetVictim(victim);
        dropped(victim);
      }
    }
  }

  private synchronized @Nullable CacheEntry nextVictim() {
    for (int step = 0; step < STEPS && usedBytes > limitBytes && oldest != null; step++) {
      final CacheEntry entry = oldest;
      unlink(entry);
      if (!entry.referenced) {
        return entry;
      }
      entry.referenced = false;
      link(entry);
    }
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
