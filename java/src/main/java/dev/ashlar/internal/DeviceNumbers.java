package dev.ashlar.internal;

/**
 * Numbers about an open store as the native core counts them; sizes are in bytes.
 *
 * @param deviceBytes size of the device
 * @param clusterBytes unit in which it gives out space
 * @param freeBytes free clusters but those that are kept for metadata, and free pages of private
 *     blobs
 * @param usedBytes used pages of private blobs
 * @param bufferBytes page buffers of the runtime
 * @param reads read operations of the device
 * @param writes write operations of the device
 * @param flushes of the device
 * @param bytesRead from the device
 * @param bytesWritten to the device
 * @param directIo whether the page cache is bypassed
 * @param volatileCache whether unflushed data may be lost
 * @param wasClean whether it had been closed cleanly
 */
public record DeviceNumbers(
    long deviceBytes,
    long clusterBytes,
    long freeBytes,
    long usedBytes,
    long bufferBytes,
    long reads,
    long writes,
    long flushes,
    long bytesRead,
    long bytesWritten,
    boolean directIo,
    boolean volatileCache,
    boolean wasClean) {

  /**
   * Asks a device.
   *
   * @param device an open one
   * @return its numbers
   */
  public static DeviceNumbers of(final StoreDevice device) {
    final long[] numbers = new long[StoreNumbers.COUNT];
    device.numbers(numbers);
    final long used = numbers[StoreNumbers.USED_PAGES];
    final long freePages = numbers[StoreNumbers.PRIVATE_PAGES] - used;
    return new DeviceNumbers(
        numbers[StoreNumbers.DEVICE_BYTES],
        numbers[StoreNumbers.CLUSTER_BYTES],
        Math.max(0, numbers[StoreNumbers.FREE_CLUSTERS] - numbers[StoreNumbers.RESERVE_CLUSTERS])
                * numbers[StoreNumbers.CLUSTER_BYTES]
            + freePages * Pages.PAGE_BYTES,
        used * Pages.PAGE_BYTES,
        numbers[StoreNumbers.BUFFER_BYTES],
        numbers[StoreNumbers.READS],
        numbers[StoreNumbers.WRITES],
        numbers[StoreNumbers.FLUSHES],
        numbers[StoreNumbers.BYTES_READ],
        numbers[StoreNumbers.BYTES_WRITTEN],
        numbers[StoreNumbers.DIRECT_IO] != 0,
        numbers[StoreNumbers.VOLATILE_CACHE] != 0,
        numbers[StoreNumbers.WAS_CLEAN] != 0);
  }
}
