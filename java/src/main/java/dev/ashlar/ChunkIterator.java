package dev.ashlar;

import java.util.Iterator;

/**
 * Chunks in the order of their keys. It reads ahead a bounded number of entries and holds nothing
 * open, so it may be left at any place and needs no closing; {@link ChunkStore#list(String,
 * ChunkKey)} goes on from there. For one thread at a time.
 */
public interface ChunkIterator extends Iterator<ChunkStat> {

  /**
   * Whether there is another chunk.
   *
   * @return true if there is
   * @throws StoreClosedException if the store has been closed
   */
  @Override
  boolean hasNext();

  /**
   * The next chunk.
   *
   * @return what is known about it
   * @throws java.util.NoSuchElementException if there is none
   * @throws StoreClosedException if the store has been closed
   */
  @Override
  ChunkStat next();
}
