package dev.ashlar;

import java.time.Instant;

/**
 * What a store knows about a chunk at one moment.
 *
 * @param key of the chunk
 * @param sizeBytes logical size; holes count
 * @param version raised by every committed change of the chunk; 1 after its creation
 * @param created when it was created, to the microsecond
 * @param modified when it was last written or resized, to the microsecond
 */
public record ChunkStat(
    ChunkKey key, long sizeBytes, long version, Instant created, Instant modified) {}
