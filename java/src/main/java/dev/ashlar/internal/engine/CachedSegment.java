package dev.ashlar.internal.engine;

import dev.ashlar.internal.Pages;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the pages of one segment are, as published. Pages behind the last that was written are
 * holes, so that the map of a one-page chunk costs little. Nor does that of a segment that lies in
 * one piece, as it does where it was written at once: the place of its first page tells all of
 * them.
 *
 * <p>Changed in place, under the lock of its chunk and inside the chunk's sequence lock: readers
 * validate the sequence and may see anything until then.
 */
final class CachedSegment extends CacheEntry {
  private static final long[] NO_LOCATIONS = {};
  private static final int[] NO_CRCS = {};
  private static final int HEADER_BYTES = 128;

  final Chunk chunk;
  final long number;

  // In one piece: pages 0 to runPages - 1 lie from firstLocation on, all others are holes, and
  // there are no locations. Else there are, and runPages is 0.
  private long firstLocation;
  private int runPages;
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
    if (page < runPages) {
      return firstLocation + page;
    }
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
    for (int i = 0; i < pages; i++) {
      toLocations[at + i] = location(from + i);
      toCrcs[at + i] = crc(from + i);
    }
  }

  void set(final int page, final long location, final int crc) {
    if (location == Pages.HOLE && page >= capacity()) {
      return;
    }
    reserve(page + 1);
    crcs[page] = crc;
    if (locations.length == 0 && !staysInOnePiece(page, location)) {
      spread();
    }
    if (locations.length > 0) {
      locations[page] = location;
      gather(page);
    } else {
      firstLocation = location - page;
      runPages = Math.max(runPages, page + 1);
    }
  }

  /** Takes over what was read from the store. */
  void fill(final long[] fromLocations, final int[] fromCrcs, final int pages) {
    reserve(pages);
    for (int page = 0; page < pages; page++) {
      set(page, fromLocations[page], fromCrcs[page]);
    }
  }

  void clear() {
    locations = NO_LOCATIONS;
    runPages = 0;
  }

  /** Pages beyond this one are holes. */
  int capacity() {
    return locations.length == 0 ? runPages : locations.length;
  }

  private boolean staysInOnePiece(final int page, final long location) {
    return location != Pages.HOLE
        && (page == 0 && runPages <= 1 || page <= runPages && location == firstLocation + page);
  }

  private void spread() {
    final long[] each = new long[crcs.length];
    for (int page = 0; page < each.length; page++) {
      each[page] = page < runPages ? firstLocation + page : Pages.HOLE;
    }
    locations = each;
    runPages = 0;
  }

  /** A segment that is written anew at once is in one piece again when its last page is set. */
  private void gather(final int last) {
    final long first = locations[0];
    if (last != locations.length - 1 || locations[last] != first + last || first == Pages.HOLE) {
      return;
    }
    for (int page = 1; page < last; page++) {
      if (locations[page] != first + page) {
        return;
      }
    }
    firstLocation = first;
    runPages = locations.length;
    locations = NO_LOCATIONS;
  }

  private void reserve(final int pages) {
    final int old = crcs.length;
    if (pages <= old) {
      return;
    }
    final int capacity = pages == 1 ? 1 : Integer.highestOneBit(pages - 1) << 1;
    crcs = Arrays.copyOf(crcs, capacity);
    if (locations.length > 0) {
      final long[] grown = Arrays.copyOf(locations, capacity);
      Arrays.fill(grown, old, capacity, Pages.HOLE);
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
    return HEADER_BYTES + locations.length * Long.BYTES + crcs.length * Integer.BYTES;
  }
}
