package dev.ashlar;

import dev.ashlar.internal.engine.StoreOpener;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * Chunks on a device: named, byte-addressable, sparse objects that are created, written, read,
 * resized, listed and removed.
 *
 * <pre>{@code
 * try (ChunkStore store = ChunkStore.open(ChunkStoreOptions.builder()
 *     .device(Device.file(path)).size(10L << 30).createIfMissing(true).build())) {
 *   ChunkKey key = ChunkKey.of("object-42", 7);
 *   store.create(key);
 *   store.write(key, 0, buffer);
 * }
 * }</pre>
 *
 * <p><b>Changes</b> of one chunk take effect in the order of the calls, whether they waited or not;
 * changes of different chunks run in parallel, and so do writes to different pages of one chunk.
 * Each change is atomic: after a crash it is there entirely or not at all. When a call returns, or
 * its future completes, the change is as safe as its {@link Durability} says.
 *
 * <p><b>Reads</b> show what has been committed. A read that runs at the same time as a write of the
 * same chunk shows all of that write or nothing of it.
 *
 * <p><b>Buffers</b>: bytes are taken from, or put between, position and limit. The calls that wait
 * move the position past the bytes they have moved; the others leave the buffer as it is. A buffer
 * must not be touched until the call has returned or its future has completed. Direct buffers move
 * without a copy, best those from {@link #allocate}; heap buffers are copied once.
 *
 * <p><b>Limits</b>: what is under way is bounded by the memory budget, so a call may wait, even one
 * that returns a future, until others are done. Futures complete on a thread of the library unless
 * {@link ChunkStoreOptions.Builder#callbackExecutor} names an executor; on such a thread the calls
 * that return futures never wait, and those that wait throw {@link IllegalStateException}.
 *
 * <p><b>Interrupts</b> do not end a call: it waits until it is over and leaves the thread
 * interrupted.
 *
 * <p><b>Errors</b>: a bad argument is refused before anything happens, with an exception that names
 * it. Otherwise see {@link AshlarException}; the calls that return futures complete them with the
 * same exceptions. After a failed flush or commit the store refuses changes with that first error;
 * reads go on. Every call on a closed store throws {@link StoreClosedException}.
 */
public interface ChunkStore extends AutoCloseable {

  /** Largest size of a chunk: 4 PiB. */
  long MAX_CHUNK_BYTES = 1L << 52;

  /**
   * Opens a store, and creates it first if the options say so and there is none.
   *
   * @param options of the store
   * @return the open store
   * @throws NoSuchDeviceException if there is no device, and it is not to be created
   * @throws StoreBusyException if device or metadata are in use
   * @throws StoreExistsException if there is a store and the options forbid it
   * @throws WrongFormatException if the device holds something else
   * @throws CorruptMetadataException if device or metadata are damaged, or not of one time
   * @throws BadConfigurationException if the options do not fit the device, or the runtime that is
   *     open in this process
   */
  static ChunkStore open(final ChunkStoreOptions options) {
    return StoreOpener.open(options);
  }

  /**
   * Makes a new, empty store and closes it again.
   *
   * @param options of the store
   * @param force whether what the device and the metadata folder hold may be destroyed
   * @throws StoreExistsException if they hold anything and {@code force} is not set
   * @throws StoreBusyException if they are in use
   */
  static void format(final ChunkStoreOptions options, final boolean force) {
    StoreOpener.format(options, force);
  }

  // --- chunks ------------------------------------------------------------------------------------

  /**
   * Creates an empty chunk.
   *
   * @param key of the chunk
   * @throws ChunkExistsException if there is one
   */
  void create(ChunkKey key);

  /**
   * Creates an empty chunk without waiting.
   *
   * @param key of the chunk
   * @return completes when it is committed, or with {@link ChunkExistsException}
   */
  CompletableFuture<Void> createAsync(ChunkKey key);

  /**
   * Sets the size of a chunk. What is cut off is gone; what is added reads as zeros and takes no
   * space.
   *
   * @param key of the chunk
   * @param sizeBytes 0 to {@link #MAX_CHUNK_BYTES}
   * @throws NoSuchChunkException if there is none
   */
  void resize(ChunkKey key, long sizeBytes);

  /**
   * Sets the size of a chunk without waiting.
   *
   * @param key of the chunk
   * @param sizeBytes 0 to {@link #MAX_CHUNK_BYTES}
   * @return completes when it is committed, or with {@link NoSuchChunkException}
   */
  CompletableFuture<Void> resizeAsync(ChunkKey key, long sizeBytes);

  /**
   * Removes a chunk. Its space can be used again once no read sees it any more.
   *
   * @param key of the chunk
   * @throws NoSuchChunkException if there is none
   */
  void remove(ChunkKey key);

  /**
   * Removes a chunk without waiting.
   *
   * @param key of the chunk
   * @return completes when it is committed, or with {@link NoSuchChunkException}
   */
  CompletableFuture<Void> removeAsync(ChunkKey key);

  /**
   * Whether there is a chunk.
   *
   * @param key of the chunk
   * @return true if there is
   */
  boolean exists(ChunkKey key);

  /**
   * What is known about a chunk.
   *
   * @param key of the chunk
   * @return its size, version and times
   * @throws NoSuchChunkException if there is none
   */
  ChunkStat stat(ChunkKey key);

  /**
   * Goes through chunks in the order of their keys. It shows everything that was committed before
   * this call; of later changes, some.
   *
   * @param prefix with which the ids begin; empty for all chunks
   * @return what is known about each
   */
  ChunkIterator list(String prefix);

  /**
   * Goes on with a listing, perhaps of an earlier run of the program.
   *
   * @param prefix with which the ids begin; empty for all chunks
   * @param after the last key seen
   * @return what is known about each chunk after that key
   */
  ChunkIterator list(String prefix, ChunkKey after);

  // --- data --------------------------------------------------------------------------------------

  /**
   * Writes all remaining bytes of a buffer, with the store's durability. A write past the end makes
   * the chunk larger; what lies between reads as zeros. A write of no bytes changes nothing.
   *
   * @param key of the chunk
   * @param offset of the first byte, not negative
   * @param source may be read-only
   * @throws NoSuchChunkException if there is no such chunk
   * @throws OutOfSpaceException if the device is full
   * @throws ChecksumException if the write covers a page in part whose old content is damaged
   */
  void write(ChunkKey key, long offset, ByteBuffer source);

  /**
   * Writes all remaining bytes of a buffer.
   *
   * @param key of the chunk
   * @param offset of the first byte, not negative
   * @param source may be read-only
   * @param durability of this write
   */
  void write(ChunkKey key, long offset, ByteBuffer source, Durability durability);

  /**
   * Writes all remaining bytes of a buffer without waiting, with the store's durability.
   *
   * @param key of the chunk
   * @param offset of the first byte, not negative
   * @param source may be read-only; not changed, and not to be touched until the future completes
   * @return completes when it is committed, or with the exceptions of {@link #write}
   */
  CompletableFuture<Void> writeAsync(ChunkKey key, long offset, ByteBuffer source);

  /**
   * Writes all remaining bytes of a buffer without waiting.
   *
   * @param key of the chunk
   * @param offset of the first byte, not negative
   * @param source may be read-only; not changed, and not to be touched until the future completes
   * @param durability of this write
   * @return completes when it is committed, or with the exceptions of {@link #write}
   */
  CompletableFuture<Void> writeAsync(
      ChunkKey key, long offset, ByteBuffer source, Durability durability);

  /**
   * Reads as many bytes as there are, at most the remaining of a buffer. Holes read as zeros.
   *
   * @param key of the chunk
   * @param offset of the first byte, not negative
   * @param target where the bytes go
   * @return how many bytes; 0 at or past the end of the chunk
   * @throws NoSuchChunkException if there is no such chunk
   * @throws ChecksumException if a page is damaged; the content of the target is undefined then
   */
  int read(ChunkKey key, long offset, ByteBuffer target);

  /**
   * Reads without waiting for the device. Metadata that is not in memory is read before this
   * returns.
   *
   * @param key of the chunk
   * @param offset of the first byte, not negative
   * @param target not changed, and not to be touched until the future completes
   * @return completes with the number of bytes, or with the exceptions of {@link #read}
   */
  CompletableFuture<Integer> readAsync(ChunkKey key, long offset, ByteBuffer target);

  // --- the store ---------------------------------------------------------------------------------

  /**
   * Starts a batch: changes of several chunks that are committed together.
   *
   * @return an empty batch
   */
  ChunkBatch batch();

  /** Makes every change durable that was acknowledged before this call. */
  void sync();

  /**
   * Makes every change durable that was acknowledged before this call, without waiting.
   *
   * @return completes when they are
   */
  CompletableFuture<Void> syncAsync();

  /**
   * Memory that moves without a copy: outside the heap, aligned to pages, zeroed. It is freed some
   * time after the last reference to the buffer is gone, and may be used longer than the store.
   * Buffers of 256 KiB and more lie in huge pages where the system gives them: drives take those in
   * one piece, which makes large writes about half as fast again.
   *
   * @param bytes 1 to {@link Integer#MAX_VALUE}
   * @return a direct buffer
   * @throws NativeMemoryException if there is no memory
   */
  ByteBuffer allocate(int bytes);

  /**
   * Numbers about the store, of about this moment.
   *
   * @return the numbers
   */
  StoreStats stats();

  /**
   * Closes the store: no new call is taken, those under way come to their regular end, everything
   * is made durable. Again is fine; a second caller waits for the first.
   *
   * @throws IllegalStateException on a thread of the library; the store stays open
   * @throws AshlarException if something could not be made durable; the store is closed all the
   *     same
   */
  @Override
  void close();
}
