package dev.ashlar.internal.engine;

import org.jspecify.annotations.Nullable;

/** What has changed of one chunk since it was stored last. The committer's. */
final class ChunkChange {
  static final long NOTHING_DROPPED = Long.MAX_VALUE;

  final Chunk chunk;
  boolean exists;
  long sizeBytes;
  long version;
  long createdMicros;
  long modifiedMicros;

  /** Stored maps of segments from this one on do not count any more. */
  long dropFrom = NOTHING_DROPPED;

  /** The same as far as it has been published; changed under the monitor of the chunk. */
  long publishedDropFrom = NOTHING_DROPPED;

  /** Maps of segments from this one on must not be loaded; under the monitor of the chunk. */
  long loadsBlockedFrom = NOTHING_DROPPED;

  /** It is in the list of what the next publication shows. */
  boolean touched;

  @Nullable SegmentChange segments;

  ChunkChange(final Chunk chunk) {
    this.chunk = chunk;
    exists = chunk.exists;
    sizeBytes = chunk.sizeBytes;
    version = chunk.version;
    createdMicros = chunk.createdMicros;
    modifiedMicros = chunk.modifiedMicros;
  }
}
