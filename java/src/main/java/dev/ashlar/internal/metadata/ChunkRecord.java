package dev.ashlar.internal.metadata;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStat;
import java.time.Instant;

/**
 * What is stored about a chunk as a whole.
 *
 * @param sizeBytes logical size, not negative
 * @param version raised by every committed change; 1 after creation
 * @param createdMicros microseconds since 1970-01-01T00:00Z
 * @param modifiedMicros microseconds since 1970-01-01T00:00Z
 */
public record ChunkRecord(long sizeBytes, long version, long createdMicros, long modifiedMicros) {

  private static final long MICROS_PER_SECOND = 1_000_000;

  /**
   * As the public API shows it.
   *
   * @param key of the chunk
   * @return the same facts
   */
  public ChunkStat toStat(final ChunkKey key) {
    return new ChunkStat(key, sizeBytes, version, instant(createdMicros), instant(modifiedMicros));
  }

  private static Instant instant(final long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, MICROS_PER_SECOND), Math.floorMod(micros, MICROS_PER_SECOND) * 1000);
  }
}
