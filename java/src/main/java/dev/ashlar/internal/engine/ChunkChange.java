package dev.ashlar.internal.engine;

import org.jspecify.annotations.Nullable;

/** What has changed of one chunk since it was stored last. The committer's. */
final class ChunkChange {
  static final long NOTHING_DROPPED = Long.MAX_VALUE;

  Chunk chunk; // set while in use
  boolean exists;
  long sizeBytes;
  long version;
  long createdMicros;
  long modifiedMicros;

  /** The chunk has a stored record, of a chunk of {@link #storedBytes} bytes. */
  boolean wasStored;

  long storedBytes;

  /** Stored maps of segments from this one on do not count any more. */
  long dropFrom;

  /** The same as far as it has been published; changed under the monitor of the chunk. */
  long publishedDropFrom;

  /** Maps of segments from this one on must not be loaded; under the monitor of the chunk. */
  long loadsBlockedFrom;

  /** It is in the list of what the next publication shows. */
  boolean touched;

  @Nullable SegmentChange segments;

  @SuppressWarnings("NullAway.Init")
  ChunkChange() {}

  /** Starts from what is published, which is stored as well. */
  void prepare(final Chunk of) {
    chunk = of;
    takePublished();
    wasStored = of.exists;
    storedBytes = of.exists ? of.sizeBytes : 0;
    dropFrom = NOTHING_DROPPED;
    publishedDropFrom = NOTHING_DROPPED;
    loadsBlockedFrom = NOTHING_DROPPED;
    touched = false;
    segments = null;
  }

  /** Goes back to what is published. */
  void rollBack() {
    takePublished();
    dropFrom = publishedDropFrom;
    loadsBlockedFrom = NOTHING_DROPPED;
    touched = false;
    for (SegmentChange segment = segments; segment != null; segment = segment.next) {
      segment.takeBase();
    }
  }

  private void takePublished() {
    exists = chunk.exists;
    sizeBytes = chunk.sizeBytes;
    version = chunk.version;
    createdMicros = chunk.createdMicros;
    modifiedMicros = chunk.modifiedMicros;
  }

  @SuppressWarnings("NullAway")
  void forget() {
    chunk = null;
    segments = null;
  }
}
