package dev.ashlar;

import java.util.List;
import java.util.UUID;

/**
 * Numbers about an open store, taken one after the other while it runs. Sizes are in bytes.
 *
 * @param storeId identity of the store, the same for its whole life
 * @param backend what moves the data: {@code memory}, {@code io_uring} or {@code pread}
 * @param metadata where the metadata is, in words: a folder, files on a device, or memory
 * @param directIo whether the page cache of the kernel is bypassed
 * @param volatileCache whether the device may lose data at power loss that was not flushed
 * @param deviceBytes size of the device
 * @param clusterBytes unit in which the device gives out space
 * @param freeBytes space for new data: free clusters, and free pages in clusters given out
 * @param usedBytes pages that hold data
 * @param chunks about how many chunks there are
 * @param reads page reads and larger
 * @param writes writes of data
 * @param flushes of the device
 * @param bytesRead from the device for reads of chunks
 * @param bytesWritten to the device, data and blob metadata
 * @param commits batches of metadata made durable
 * @param committed changes acknowledged
 * @param memory how much memory is in use
 * @param cachedEntries chunks and segment maps in the cache
 * @param cacheEvictions entries dropped from the cache since the store was opened
 * @param wasClean whether the store had been closed cleanly before it was opened
 * @param problems what is wrong with the store, one sentence each; empty when all is well
 */
public record StoreStats(
    UUID storeId,
    String backend,
    String metadata,
    boolean directIo,
    boolean volatileCache,
    long deviceBytes,
    long clusterBytes,
    long freeBytes,
    long usedBytes,
    long chunks,
    long reads,
    long writes,
    long flushes,
    long bytesRead,
    long bytesWritten,
    long commits,
    long committed,
    Memory memory,
    long cachedEntries,
    long cacheEvictions,
    boolean wasClean,
    List<String> problems) {

  /**
   * Memory in use. The budget is divided: 4/16 for RocksDB, 7/16 for maps, 2/16 for operations
   * under way, 2/16 for page buffers, 1/16 for what is not counted to the byte.
   *
   * @param budgetBytes of {@link ChunkStoreOptions#memoryBudgetBytes}
   * @param metadataBytes RocksDB: block cache and write buffers
   * @param mapBytes maps and entries of chunks in the cache, on the heap
   * @param operationBytes operations under way and their staging memory
   * @param pageBufferBytes page buffers of the reactors
   */
  public record Memory(
      long budgetBytes,
      long metadataBytes,
      long mapBytes,
      long operationBytes,
      long pageBufferBytes) {}
}
