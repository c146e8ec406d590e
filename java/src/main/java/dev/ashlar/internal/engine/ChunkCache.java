package dev.ashlar.internal.engine;

import dev.ashlar.ChunkKey;
import dev.ashlar.internal.Pages;
import dev.ashlar.internal.metadata.ChunkRecord;
import dev.ashlar.internal.metadata.MetadataStore;
import dev.ashlar.internal.metadata.SegmentMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The chunks in memory, loaded on demand and dropped when there are too many. What is not here is
 * stored: an entry with changes under way is never dropped.
 */
final class ChunkCache {
  private static final int SCRATCH_MAPS = 64;

  private final MetadataStore metadata;
  private final StickyFailure failure;
  private final ClockList clock;
  private final ConcurrentHashMap<ChunkKey, Chunk> chunks = new ConcurrentHashMap<>();
  private final ObjectPool<SegmentMap> scratch = new ObjectPool<>(SCRATCH_MAPS, SegmentMap::new);

  ChunkCache(final MetadataStore metadata, final StickyFailure failure, final long limitBytes) {
    this.metadata = metadata;
    this.failure = failure;
    this.clock =
        new ClockList(limitBytes) {
          @Override
          void dropped(final CacheEntry entry) {
            if (entry instanceof Chunk chunk) {
              chunks.remove(chunk.key, chunk);
            }
          }
        };
  }

  /**
   * The chunk of a key for reading. The chunk may be dropped at any time; what was read from it
   * before stays true for a reader who was inside the epoch before he called this.
   *
   * @return null if there is none
   */
  @Nullable Chunk find(final ChunkKey key) {
    final Chunk chunk = chunks.get(key);
    if (chunk != null) {
      chunk.touch();
      return chunk;
    }
    final ChunkRecord record = metadata.getChunk(key);
    return record == null ? null : load(key);
  }

  /**
   * The chunk of a key for a change; made if there is none. The caller looks at {@link
   * Chunk#evicted} under the monitor before he puts his operation into the queue.
   */
  Chunk obtain(final ChunkKey key) {
    final Chunk chunk = chunks.get(key);
    if (chunk != null) {
      chunk.touch();
      return chunk;
    }
    return load(key);
  }

  private Chunk load(final ChunkKey key) {
    // The record is read while nobody else can put the chunk here, change it and drop it again.
    final boolean[] fresh = new boolean[1];
    final Chunk chunk =
        chunks.computeIfAbsent(
            key,
            absent -> {
              fresh[0] = true;
              return new Chunk(absent, metadata.getChunk(absent));
            });
    if (fresh[0]) {
      clock.add(chunk);
    }
    return chunk;
  }

  /** Helps a loop that found a dropped chunk: it is taken out of the map if it is still there. */
  void discard(final Chunk evicted) {
    chunks.remove(evicted.key, evicted);
  }

  /**
   * The map of a segment, loaded if it is not here.
   *
   * @return null if the chunk has been dropped: look it up again
   */
  @Nullable CachedSegment segment(final Chunk chunk, final long number) {
    final CachedSegment here = chunk.segments.get(number);
    if (here != null) {
      here.touch();
      return here;
    }
    final SegmentMap into = scratch.take();
    try {
      return loadSegment(chunk, number, into);
    } finally {
      scratch.give(into);
    }
  }

  private @Nullable CachedSegment loadSegment(
      final Chunk chunk, final long number, final SegmentMap into) {
    while (true) {
      final int seen;
      final int droppedBefore;
      final boolean stored;
      synchronized (chunk) {
        seen = chunk.beginRead();
        droppedBefore = chunk.mapsDropped;
        stored = mayBeStored(chunk, number);
      }
      if (stored) {
        metadata.readSegment(chunk.key, number, into);
      }
      final CachedSegment segment;
      synchronized (chunk) {
        if (chunk.evicted) {
          return null;
        }
        final CachedSegment other = chunk.segments.get(number);
        if (other != null) {
          return other;
        }
        if (!chunk.validate(seen)
            || chunk.mapsDropped != droppedBefore
            || waitWhileBlocked(chunk, number)) {
          continue;
        }
        segment = new CachedSegment(chunk, number);
        if (stored) {
          segment.fill(into.locations, into.crcs, into.pages());
          segment.storedBytes = into.storedBytes();
        }
        chunk.segments.put(number, segment);
      }
      clock.add(segment);
      return segment;
    }
  }

  /**
   * Whether the stored map of a segment, if there is one, goes with the published state: there is
   * none beyond the end, and one from before a published removal or shrinking does not count. Under
   * the monitor.
   */
  private static boolean mayBeStored(final Chunk chunk, final long number) {
    final ChunkChange change = chunk.change;
    return chunk.exists
        && number * Pages.SEGMENT_BYTES < chunk.sizeBytes
        && (change == null || number < change.publishedDropFrom);
  }

  /**
   * While a removal is being stored but is not published yet, the stored maps do not go with the
   * published state.
   *
   * @return whether it waited, so that everything may be different now
   */
  private boolean waitWhileBlocked(final Chunk chunk, final long number) {
    boolean waited = false;
    boolean interrupted = false;
    while (chunk.change != null && number >= chunk.change.loadsBlockedFrom) {
      failure.throwIfFailed();
      waited = true;
      try {
        chunk.wait();
      } catch (final InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return waited;
  }

  /**
   * The map of a segment that the operation in hand has loaded, or an empty one: if it is not here
   * any more, a published removal or shrinking has dropped it. For the committer.
   */
  CachedSegment segmentOrEmpty(final Chunk chunk, final long number) {
    final CachedSegment here = chunk.segments.get(number);
    if (here != null) {
      return here;
    }
    final CachedSegment empty = new CachedSegment(chunk, number);
    synchronized (chunk) {
      final CachedSegment other = chunk.segments.get(number);
      if (other != null) {
        return other;
      }
      chunk.segments.put(number, empty);
    }
    clock.add(empty);
    return empty;
  }

  void resized(final CachedSegment segment) {
    clock.resized(segment);
  }

  void removed(final CachedSegment segment) {
    clock.remove(segment);
  }

  /** Drops what there is too much of, now that so many operations have let go of their chunks. */
  void trim(final int operations) {
    clock.trim(operations);
  }

  long usedBytes() {
    return clock.usedBytes();
  }

  long limitBytes() {
    return clock.limitBytes();
  }

  long entries() {
    return clock.entries();
  }

  long evictions() {
    return clock.evictions();
  }
}
