package dev.ashlar;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known about a file of a {@link BlobFs}.
 *
 * @param name of the file
 * @param sizeBytes its length, with what has been appended and is not durable yet
 * @param allocatedBytes what it takes of the device
 * @param modified when it was appended to; null if that is not known (SPDK keeps no times)
 * @param log whether it was created as a log
 */
public record BlobFileStat(
    String name, long sizeBytes, long allocatedBytes, @Nullable Instant modified, boolean log) {}
