package dev.ashlar.internal.engine;

import dev.ashlar.internal.Pages;
import dev.ashlar.internal.metadata.MetadataBatch;
import dev.ashlar.internal.metadata.MetadataStore;
import dev.ashlar.internal.metadata.SegmentCursor;
import dev.ashlar.internal.metadata.SegmentMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Changes that are committed but not stored yet, over what is published.
 *
 * <p>Operations are applied in the order of their commit. {@link #publish} shows readers what has
 * been applied; {@link #fill} writes all of it into a batch; {@link #finish} ends it once that
 * batch is durable. For the committer.
 */
final class Transaction {
  private static final int KEPT_CHANGES = 1024;

  private final ChunkCache cache;
  private final MetadataStore metadata;

  private final List<ChunkChange> chunks = new ArrayList<>();
  private final List<ChunkChange> touchedChunks = new ArrayList<>();
  private final List<SegmentChange> touchedSegments = new ArrayList<>();
  private final List<CachedSegment> dropped = new ArrayList<>();
  private final RunList freed = new RunList();
  private int segmentChanges;
  private boolean published;
  private long publishedFreedPages;

  private final ArrayDeque<ChunkChange> idleChunks = new ArrayDeque<>();
  private final ArrayDeque<SegmentChange> idleSegments = new ArrayDeque<>();
  private final SegmentMap scratch = new SegmentMap();

  Transaction(final ChunkCache cache, final MetadataStore metadata) {
    this.cache = cache;
    this.metadata = metadata;
  }

  boolean isEmpty() {
    return chunks.isEmpty();
  }

  /** Whether readers see something of it already. */
  boolean isPublished() {
    return published;
  }

  /** How many segments have changed, which is what bounds its memory. */
  int segmentChanges() {
    return segmentChanges;
  }

  /** Runs of pages to be freed once this is durable and no reader sees them. */
  int freedRuns() {
    return freed.size();
  }

  // --- applying --------------------------------------------------------------------------------

  void apply(final Op op, final long nowMicros) {
    final ChunkChange change = changeOf(op.chunk);
    switch (op.kind) {
      case CREATE -> {
        change.exists = true;
        change.sizeBytes = 0;
        change.version = 0;
        change.createdMicros = nowMicros;
      }
      case WRITE -> {
        setPages(change, op);
        if (op.length > 0) {
          change.sizeBytes = Math.max(change.sizeBytes, op.end());
        }
      }
      case RESIZE -> resize(change, op);
      case REMOVE -> {
        drop(change, 0);
        change.exists = false;
        change.sizeBytes = 0;
      }
    }
    change.version++;
    change.modifiedMicros = Math.max(nowMicros, change.createdMicros);
  }

  private void resize(final ChunkChange change, final Op op) {
    if (op.offset < change.sizeBytes) {
      final long firstGone = Pages.pagesOf(op.offset);
      final long boundary = firstGone / Pages.SEGMENT_PAGES;
      final int inSegment = (int) (firstGone % Pages.SEGMENT_PAGES);
      if (inSegment != 0) {
        dropPages(segmentOf(change, boundary), inSegment);
      }
      drop(change, inSegment == 0 ? boundary : boundary + 1);
      setPages(change, op);
    }
    change.sizeBytes = op.offset;
  }

  private void setPages(final ChunkChange change, final Op op) {
    if (!op.hasFreshPages) {
      return;
    }
    SegmentChange segment = null;
    for (int i = 0; i < op.pages; i++) {
      final long page = op.firstPage + i;
      final int inSegment = (int) (page % Pages.SEGMENT_PAGES);
      if (segment == null || inSegment == 0) {
        segment = segmentOf(change, page / Pages.SEGMENT_PAGES);
      }
      free(segment, inSegment);
      segment.set(inSegment, op.locations[i], op.crcs[i]);
    }
  }

  private void dropPages(final SegmentChange segment, final int from) {
    for (int page = from; page < Pages.SEGMENT_PAGES; page++) {
      if (segment.location(page) != Pages.HOLE) {
        free(segment, page);
        segment.set(page, Pages.HOLE, 0);
      }
    }
  }

  private void free(final SegmentChange segment, final int page) {
    final long location = segment.location(page);
    if (location != Pages.HOLE) {
      freed.add(location);
    }
  }

  /** All pages of segments from a number on are gone. */
  private void drop(final ChunkChange change, final long from) {
    final Chunk chunk = change.chunk;
    final long wereThere = Math.min(change.dropFrom, segments(change.storedBytes));
    if (from < wereThere && !isCached(chunk, from, wereThere)) {
      freeStored(change, from, wereThere);
    }
    chunk.segments.forEachFrom(from, segment -> dropCached(change, segment));
    change.dropFrom = Math.min(change.dropFrom, from);
  }

  private void dropCached(final ChunkChange change, final CachedSegment segment) {
    final SegmentChange changed = segment.change;
    if (changed != null) {
      for (int page = 0; page < Pages.SEGMENT_PAGES; page++) {
        free(changed, page);
      }
      changed.dropAll();
      touch(changed);
    } else if (segment.number < change.dropFrom) {
      for (int page = 0; page < segment.capacity(); page++) {
        if (segment.location(page) != Pages.HOLE) {
          freed.add(segment.location(page));
        }
      }
    }
  }

  private static boolean isCached(final Chunk chunk, final long from, final long to) {
    if (to - from > chunk.segments.size()) {
      return false;
    }
    for (long number = from; number < to; number++) {
      if (chunk.segments.get(number) == null) {
        return false;
      }
    }
    return true;
  }

  /** Frees the pages of segments that are stored and not cached. */
  private void freeStored(final ChunkChange change, final long from, final long to) {
    final Chunk chunk = change.chunk;
    try (SegmentCursor cursor = metadata.segments(chunk.key, from)) {
      while (cursor.next() && cursor.segment() < to) {
        if (chunk.segments.get(cursor.segment()) == null) {
          cursor.read(scratch);
          for (final long location : scratch.locations) {
            if (location != Pages.HOLE) {
              freed.add(location);
            }
          }
        }
      }
    }
  }

  private ChunkChange changeOf(final Chunk chunk) {
    ChunkChange change = chunk.change;
    if (change == null) {
      change = idleChunks.isEmpty() ? new ChunkChange() : idleChunks.pop();
      change.prepare(chunk);
      synchronized (chunk) {
        chunk.change = change;
      }
      chunks.add(change);
    }
    if (!change.touched) {
      change.touched = true;
      touchedChunks.add(change);
    }
    return change;
  }

  private SegmentChange segmentOf(final ChunkChange change, final long number) {
    final CachedSegment base = cache.segmentOrEmpty(change.chunk, number);
    SegmentChange segment = base.change;
    if (segment == null) {
      segment = idleSegments.isEmpty() ? new SegmentChange() : idleSegments.pop();
      segment.prepare(base, number >= change.dropFrom);
      segment.next = change.segments;
      change.segments = segment;
      segmentChanges++;
      synchronized (change.chunk) {
        base.change = segment;
      }
    }
    touch(segment);
    return segment;
  }

  private void touch(final SegmentChange segment) {
    if (!segment.touched) {
      segment.touched = true;
      touchedSegments.add(segment);
    }
  }

  private static long segments(final long bytes) {
    return bytes == 0 ? 0 : Pages.segmentOf(bytes - 1) + 1;
  }

  // --- publishing ------------------------------------------------------------------------------

  /**
   * Stops the loading of maps that are about to be dropped from the store before the drop is
   * published.
   */
  void blockLoads() {
    for (int i = 0; i < touchedChunks.size(); i++) {
      final ChunkChange change = touchedChunks.get(i);
      if (change.dropFrom < change.publishedDropFrom) {
        synchronized (change.chunk) {
          change.loadsBlockedFrom = change.dropFrom;
          change.chunk.mapsChanged();
        }
      }
    }
  }

  /** Shows readers what has been applied since the last publication. */
  void publish() {
    for (int i = 0; i < touchedChunks.size(); i++) {
      final ChunkChange change = touchedChunks.get(i);
      final Chunk chunk = change.chunk;
      synchronized (chunk) {
        chunk.beginChange();
        chunk.exists = change.exists;
        chunk.sizeBytes = change.sizeBytes;
        chunk.version = change.version;
        chunk.createdMicros = change.createdMicros;
        chunk.modifiedMicros = change.modifiedMicros;
        if (change.dropFrom < change.publishedDropFrom) {
          publishDrop(change);
        }
        for (SegmentChange segment = change.segments; segment != null; segment = segment.next) {
          if (segment.touched) {
            segment.publish();
          }
        }
        chunk.endChange();
      }
      change.touched = false;
    }
    touchedChunks.clear();
    published = true;
    publishedFreedPages = freed.pages();
    for (int i = 0; i < touchedSegments.size(); i++) {
      cache.resized(touchedSegments.get(i).base);
    }
    touchedSegments.clear();
    for (int i = 0; i < dropped.size(); i++) {
      cache.removed(dropped.get(i));
    }
    dropped.clear();
  }

  private void publishDrop(final ChunkChange change) {
    final Chunk chunk = change.chunk;
    final int first = dropped.size();
    chunk.segments.forEachFrom(
        change.dropFrom,
        segment -> {
          if (segment.change == null) {
            dropped.add(segment);
          }
        });
    for (int i = first; i < dropped.size(); i++) {
      chunk.segments.remove(dropped.get(i).number);
    }
    change.publishedDropFrom = change.dropFrom;
    if (change.loadsBlockedFrom != ChunkChange.NOTHING_DROPPED) {
      change.loadsBlockedFrom = ChunkChange.NOTHING_DROPPED;
      chunk.notifyAll();
    }
  }

  // --- storing ---------------------------------------------------------------------------------

  /** Writes everything that is not stored yet into a batch. */
  void fill(final MetadataBatch batch) {
    for (int i = 0; i < chunks.size(); i++) {
      final ChunkChange change = chunks.get(i);
      final var key = change.chunk.key;
      final long stored = segments(change.storedBytes);
      if (change.dropFrom < stored) {
        batch.deleteSegments(key, change.dropFrom, stored);
      }
      if (!change.exists) {
        if (change.wasStored) {
          batch.deleteChunk(key);
        }
        for (SegmentChange segment = change.segments; segment != null; segment = segment.next) {
          segment.base.storedBytes = 0;
        }
        continue;
      }
      batch.putChunk(
          key, change.sizeBytes, change.version, change.createdMicros, change.modifiedMicros);
      for (SegmentChange segment = change.segments; segment != null; segment = segment.next) {
        fillSegment(batch, change, segment);
      }
    }
  }

  private static void fillSegment(
      final MetadataBatch batch, final ChunkChange change, final SegmentChange segment) {
    final var key = change.chunk.key;
    final CachedSegment base = segment.base;
    int merged = 0;
    if (!segment.replaces) {
      for (int page = segment.nextChanged(0); page < Pages.SEGMENT_PAGES; ) {
        final int end = segment.nextUnchanged(page);
        merged += MetadataBatch.mergeBytes(end - page);
        page = segment.nextChanged(end);
      }
    }
    final int pages = segment.pages();
    final int whole = pages == 0 ? 0 : MetadataBatch.mergeBytes(pages);
    if (segment.replaces
        || base.storedBytes == 0
        || merged >= whole
        || MetadataBatch.worthRewriting(base.storedBytes + merged, pages)) {
      segment.completeFromBase();
      if (pages > 0) {
        batch.putSegment(key, base.number, segment.locations, segment.crcs, pages);
      } else if (base.storedBytes > 0 || segment.replaces) {
        batch.deleteSegment(key, base.number);
      }
      base.storedBytes = whole;
      return;
    }
    for (int page = segment.nextChanged(0); page < Pages.SEGMENT_PAGES; ) {
      final int end = segment.nextUnchanged(page);
      batch.mergeSegment(key, base.number, page, end - page, segment.locations, segment.crcs, page);
      page = segment.nextChanged(end);
    }
    base.storedBytes += merged;
  }

  /** Storing failed: whoever waits for the publication of a drop waits in vain. */
  void abandon() {
    for (int i = 0; i < chunks.size(); i++) {
      final Chunk chunk = chunks.get(i).chunk;
      synchronized (chunk) {
        chunk.notifyAll();
      }
    }
  }

  /** Takes back what is not published; the rest is stored as a whole, whatever is stored. */
  void rollBack() {
    for (int i = 0; i < chunks.size(); i++) {
      final Chunk chunk = chunks.get(i).chunk;
      synchronized (chunk) {
        chunks.get(i).rollBack();
        chunk.notifyAll();
      }
    }
    touchedChunks.clear();
    touchedSegments.clear();
    freed.keepFirst(publishedFreedPages);
  }

  /** Ends it: everything is durable and published, and pages that it dropped may be freed. */
  void finish(final PageReclaimer reclaimer) {
    reclaimer.add(freed);
    close();
  }

  private void close() {
    for (int i = 0; i < chunks.size(); i++) {
      final ChunkChange change = chunks.get(i);
      synchronized (change.chunk) {
        change.chunk.change = null;
        for (SegmentChange segment = change.segments; segment != null; segment = segment.next) {
          segment.base.change = null;
        }
      }
      recycle(change);
    }
    chunks.clear();
    freed.clear();
    segmentChanges = 0;
    published = false;
    publishedFreedPages = 0;
  }

  private void recycle(final ChunkChange change) {
    SegmentChange segment = change.segments;
    while (segment != null) {
      final SegmentChange next = segment.next;
      if (idleSegments.size() < KEPT_CHANGES) {
        segment.forget();
        idleSegments.push(segment);
      }
      segment = next;
    }
    if (idleChunks.size() < KEPT_CHANGES) {
      change.forget();
      idleChunks.push(change);
    }
  }
}
