package dev.ashlar.internal.metadata;

import dev.ashlar.ChunkKey;

/**
 * Goes through maps of segments in the order of chunk and segment, as they were when it was made.
 * For one thread at a time; closing the store closes it too.
 */
public interface SegmentCursor extends AutoCloseable {

  /**
   * Goes to the first, then to the next stored segment; a segment without a map is all holes.
   *
   * @return false at the end
   * @throws dev.ashlar.StoreClosedException if this or the store is closed
   * @throws dev.ashlar.AshlarException if reading fails
   */
  boolean next();

  /**
   * Whose segment it is. The same object for all segments of one chunk.
   *
   * @return key of the chunk
   */
  ChunkKey key();

  /**
   * Which segment it is.
   *
   * @return its number
   */
  long segment();

  /**
   * Reads the map.
   *
   * @param into is overwritten
   * @throws dev.ashlar.CorruptMetadataException if the map is damaged
   */
  void read(SegmentMap into);

  /** Gives its memory back; again is fine. */
  @Override
  void close();
}
