package dev.ashlar.internal.metadata;

/**
 * Numbers about the metadata; cheap to get, approximate.
 *
 * @param place where the metadata is, in words
 * @param cacheBytes memory of the block cache, with the write buffers, which are charged to it
 * @param writeBufferBytes memory of the write buffers
 * @param fileBytes size of the tables
 * @param chunks number of chunks
 */
public record MetadataStats(
    String place, long cacheBytes, long writeBufferBytes, long fileBytes, long chunks) {}
