package dev.ashlar.internal.metadata;

import dev.ashlar.ChunkKey;

/**
 * Goes through records of chunks in the order of their keys, as they were when it was made. For one
 * thread at a time; closing the store closes it too.
 */
public interface ChunkCursor extends AutoCloseable {

  /**
   * Goes to the first, then to the next chunk.
   *
   * @return false at the end
   * @throws dev.ashlar.StoreClosedException if this or the store is closed
   * @throws dev.ashlar.AshlarException if reading fails
   */
  boolean next();

  /**
   * Where it is.
   *
   * @return the key
   */
  ChunkKey key();

  /**
   * What is stored there.
   *
   * @return the record
   * @throws dev.ashlar.CorruptMetadataException if the record is damaged
   */
  ChunkRecord record();

  /** Gives its memory back; again is fine. */
  @Override
  void close();
}
