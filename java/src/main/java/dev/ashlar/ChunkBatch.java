package dev.ashlar;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * Changes of any number of chunks that are committed together: after a crash all of them are there
 * or none, and if one of them fails, none is applied. They take effect in the order of the calls.
 *
 * <p>Collects until {@link #commit}, then is used up. For one thread at a time.
 *
 * <p>A batch that is larger than memory calls {@link #stage} from time to time. It must be closed
 * then if it is not committed, since it holds space on the device.
 *
 * <p>A reader sees the changes of one chunk all at once; those of different chunks become visible
 * one chunk after the other.
 */
public interface ChunkBatch extends AutoCloseable {

  /**
   * Creates an empty chunk.
   *
   * @param key of the chunk
   * @return this
   */
  ChunkBatch create(ChunkKey key);

  /**
   * Writes all remaining bytes of a buffer.
   *
   * @param key of the chunk
   * @param offset of the first byte, not negative
   * @param source not changed, and not to be touched until the batch is staged or committed
   * @return this
   */
  ChunkBatch write(ChunkKey key, long offset, ByteBuffer source);

  /**
   * Sets the size of a chunk.
   *
   * @param key of the chunk
   * @param sizeBytes 0 to {@link ChunkStore#MAX_CHUNK_BYTES}
   * @return this
   */
  ChunkBatch resize(ChunkKey key, long sizeBytes);

  /**
   * Removes a chunk.
   *
   * @param key of the chunk
   * @return this
   */
  ChunkBatch remove(ChunkKey key);

  /**
   * Sets the durability of this batch.
   *
   * @param durability that of the store unless set
   * @return this
   */
  ChunkBatch durability(Durability durability);

  /**
   * Moves what has been collected to the device and waits for that. The buffers may be used again
   * then; nothing is visible before the commit, and the space is free again if there is none. About
   * 4 KiB of memory are needed for each MiB moved, on top of the memory budget.
   *
   * @return this
   * @throws OutOfSpaceException if the device is full; the batch is closed then
   * @throws IllegalStateException if it has been committed or closed before
   */
  ChunkBatch stage();

  /**
   * Number of changes collected.
   *
   * @return the number
   */
  int size();

  /**
   * Commits the changes. The exception of the first that fails is thrown; nothing is applied then.
   *
   * @throws IllegalStateException if it has been committed or closed before
   */
  void commit();

  /**
   * Commits the changes without waiting.
   *
   * @return completes when they are committed, or with the exception of the first that fails
   * @throws IllegalStateException if it has been committed or closed before
   */
  CompletableFuture<Void> commitAsync();

  /** Ends a batch that has not been committed: nothing of it stays. Otherwise does nothing. */
  @Override
  void close();
}
