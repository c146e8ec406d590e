package dev.ashlar;

/**
 * Numbers about an open {@link BlobFs}. Sizes are in bytes; the counters are of the device, since
 * it was opened.
 *
 * @param totalBytes of the device
 * @param freeBytes of these, in no file
 * @param clusterBytes the unit in which files grow
 * @param files that there are
 * @param bufferBytes memory in use for appending and reading ahead
 * @param deviceReads read operations
 * @param deviceWrites write operations
 * @param deviceFlushes flushes
 * @param deviceBytesRead bytes read
 * @param deviceBytesWritten bytes written
 * @param readOnly whether changes are refused
 * @param chunkStore whether a chunk store lies on the same device
 */
public record BlobFsStats(
    long totalBytes,
    long freeBytes,
    long clusterBytes,
    long files,
    long bufferBytes,
    long deviceReads,
    long deviceWrites,
    long deviceFlushes,
    long deviceBytesRead,
    long deviceBytesWritten,
    boolean readOnly,
    boolean chunkStore) {}
