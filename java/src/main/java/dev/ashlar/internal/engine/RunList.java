package dev.ashlar.internal.engine;

import java.util.Arrays;

/** Runs of pages: where each begins and how many pages it has. For one thread at a time. */
final class RunList {
  private static final int KEPT = 4096;

  private long[] locations = new long[64];
  private int[] counts = new int[64];
  private int size;
  private long pages;

  void add(final long location) {
    add(location, 1);
  }

  void addAll(final RunList other) {
    for (int i = 0; i < other.size; i++) {
      add(other.locations[i], other.counts[i]);
    }
  }

  private void add(final long location, final int count) {
    pages += count;
    if (size > 0 && locations[size - 1] + counts[size - 1] == location) {
      counts[size - 1] += count;
      return;
    }
    if (size == locations.length) {
      locations = Arrays.copyOf(locations, 2 * size);
      counts = Arrays.copyOf(counts, 2 * size);
    }
    locations[size] = location;
    counts[size] = count;
    size++;
  }

  /** Drops what was added after a number of pages. */
  void keepFirst(final long firstPages) {
    while (pages > firstPages) {
      final int dropped = (int) Math.min(counts[size - 1], pages - firstPages);
      pages -= dropped;
      counts[size - 1] -= dropped;
      if (counts[size - 1] == 0) {
        size--;
      }
    }
  }

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** How many pages there are in all runs. */
  long pages() {
    return pages;
  }

  /** Where the runs begin; {@link #size} elements count. */
  long[] locations() {
    return locations;
  }

  /** How many pages each run has; {@link #size} elements count. */
  int[] counts() {
    return counts;
  }

  void clear() {
    size = 0;
    pages = 0;
    if (locations.length > KEPT) {
      locations = new long[KEPT];
      counts = new int[KEPT];
    }
  }
}
