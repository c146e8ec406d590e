package dev.ashlar.internal.engine;

import dev.ashlar.internal.Pages;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the pages of one segment are, as published. Pages beyond the arrays are holes, so that the
 * map of a one-page chunk costs little.
 *
 * <p>Changed in place, under the lock of its chunk and inside the chunk's sequence lock: readers
 * validate the sequence and may see anything until then.
 */
final class CachedSegment extends CacheEntry {
  private static final long[] NO_LOCATIONS = {};
  private static final int[] NO_CRCS = {};
  private static final int HEADER_BYTES = 112;

  final Chunk chunk;
  final long number;
  private long[] locations = NO_LOCATIONS;
  private int[] crcs = NO_CRCS;

  /** Length of the stored record, with what was merged into it since; the committer's. */
  long storedBytes;

  /** What has changed and is not stored yet; under the chunk's lock. */
  @Nullable SegmentChange change;

  CachedSegment(final Chunk chunk, final long number) {
    this.chunk = chunk;
    this.number = number;
  }

  /** Location of a page of the segment, or {@link Pages#HOLE}. */
  long location(final int page) {
    final long[] array = locations;
    return page < array.length ? array[page] : Pages.HOLE;
  }

  int crc(final int page) {
    final int[] array = crcs;
    return page < array.length ? array[page] : 0;
  }

  /** Copies consecutive pages into arrays. */
  void copyTo(
      final int from, final int pages, final long[] toLocations, final int[] toCrcs, final int at) {
    final long[] here = locations;
    final int[] crcsHere = crcs;
    final int there = Math.min(pages, Math.max(0, Math.min(here.length, crcsHere.length) - from));
    if (there > 0) {
      System.arraycopy(here, from, toLocations, at, there);
      System.arraycopy(crcsHere, from, toCrcs, at, there);
    }
    Arrays.fill(toLocations, at + Math.max(0, there), at + pages, Pages.HOLE);
  }

  void set(final int page, final long location, final int crc) {
    if (page >= locations.length) {
      if (location == Pages.HOLE) {
        return;
      }
      reserve(page + 1);
    }
    locations[page] = location;
    crcs[page] = crc;
  }

  /** Takes over what was read from the store. */
  void fill(final long[] fromLocations, final int[] fromCrcs, final int pages) {
    if (pages > 0) {
      reserve(pages);
      System.arraycopy(fromLocations, 0, locations, 0, pages);
      System.arraycopy(fromCrcs, 0, crcs, 0, pages);
    }
  }

  void clear() {
    Arrays.fill(locations, Pages.HOLE);
  }

  /** Pages beyond this one are holes. */
  int capacity() {
    return locations.length;
  }

  private void reserve(final int pages) {
    final int old = locations.length;
    final int capacity = pages == 1 ? 1 : Integer.highestOneBit(pages - 1) << 1;
    if (capacity > old) {
      final long[] grown = Arrays.copyOf(locations, capacity);
      Arrays.fill(grown, old, capacity, Pages.HOLE);
      crcs = Arrays.copyOf(crcs, capacity);
      locations = grown;
    }
  }

  @Override
  Eviction tryEvict() {
    synchronized (chunk) {
      if (chunk.segments.get(number) != this) {
        return Eviction.GONE;
      }
      if (chunk.inUse() || change != null) {
        return Eviction.PINNED;
      }
      chunk.segments.remove(number);
      chunk.mapsChanged();
      return Eviction.DONE;
    }
  }

  @Override
  int heapBytes() {
    return HEADER_BYTES + locations.length * (Long.BYTES + Integer.BYTES);
  }
}
