package dev.ashlar.internal.engine;

import dev.ashlar.ChunkKey;
import dev.ashlar.internal.metadata.ChunkRecord;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one chunk: its published state, the cached part of its map, and the queue of its
 * changes that are not committed yet. A key that has no chunk but changes under way has one too.
 *
 * <p>Everything is changed under this object's monitor. The published state and the map are changed
 * inside a sequence lock besides, so that readers need no lock: they read, then {@link #validate}.
 */
final class Chunk extends CacheEntry {
  private static final int HEADER_BYTES = 260;
  private static final int SPINS = 128;
  private static final VarHandle SEQUENCE;

  static {
    try {
      SEQUENCE = MethodHandles.lookup().findVarHandle(Chunk.class, "sequence", int.class);
    } catch (final ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final ChunkKey key;
  final SegmentTable segments = new SegmentTable();

  @SuppressWarnings("UnusedVariable")
  private int sequence; // odd while the published state changes

  // Published.
  boolean exists;
  long sizeBytes;
  long version;
  long createdMicros;
  long modifiedMicros;

  /** Counts dropped maps, for whoever is loading one; under the monitor. */
  int mapsDropped;

  /** No longer in the cache: whoever wants to change it, or to load maps into it, looks again. */
  boolean evicted;

  // The queue, oldest first: retired operations that are not committed, then the others.
  @Nullable Op first;
  @Nullable Op last;
  @Nullable Op firstUnretired;

  /** What has changed and is not stored yet. */
  @Nullable ChunkChange change;

  Chunk(final ChunkKey key, final @Nullable ChunkRecord record) {
    this.key = key;
    if (record != null) {
      exists = true;
      sizeBytes = record.sizeBytes();
      version = record.version();
      createdMicros = record.createdMicros();
      modifiedMicros = record.modifiedMicros();
    }
  }

  /** Changes are under way or not stored yet: the cache must not drop anything of this chunk. */
  boolean inUse() {
    return first != null || change != null;
  }

  // --- sequence lock ---------------------------------------------------------------------------

  /** Begins to read published state; what is read counts only if {@link #validate} agrees. */
  int beginRead() {
    int spins = 0;
    while (true) {
      final int seen = (int) SEQUENCE.getAcquire(this);
      if ((seen & 1) == 0) {
        return seen;
      }
      if (++spins < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  boolean validate(final int seen) {
    VarHandle.acquireFence();
    return (int) SEQUENCE.getOpaque(this) == seen;
  }

  /** Begins to change published state, under the monitor. */
  void beginChange() {
    SEQUENCE.setOpaque(this, (int) SEQUENCE.getOpaque(this) + 1);
    VarHandle.releaseFence();
  }

  void endChange() {
    SEQUENCE.setRelease(this, (int) SEQUENCE.getOpaque(this) + 1);
  }

  /** Lets whoever is loading a map now begin again; under the monitor. */
  void mapsChanged() {
    mapsDropped++;
  }

  // --- queue, under the monitor ----------------------------------------------------------------

  void append(final Op op) {
    op.older = last;
    op.newer = null;
    if (last == null) {
      first = op;
    } else {
      last.newer = op;
    }
    last = op;
    if (firstUnretired == null) {
      firstUnretired = op;
    }
  }

  void unlink(final Op op) {
    if (firstUnretired == op) {
      firstUnretired = op.newer;
    }
    if (op.older == null) {
      first = op.newer;
    } else {
      op.older.newer = op.newer;
    }
    if (op.newer == null) {
      last = op.older;
    } else {
      op.newer.older = op.older;
    }
    op.older = null;
    op.newer = null;
  }

  @Override
  Eviction tryEvict() {
    synchronized (this) {
      if (evicted) {
        return Eviction.GONE;
      }
      if (inUse() || segments.size() > 0) {
        return Eviction.PINNED;
      }
      evicted = true;
    }
    return Eviction.DONE;
  }

  @Override
  int heapBytes() {
    return HEADER_BYTES + 2 * key.idSizeBytes();
  }

  @Override
  public String toString() {
    return "chunk " + key;
  }
}
