package dev.ashlar.internal.engine;

import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import dev.ashlar.internal.Arguments;
import java.nio.ByteBuffer;

/** Checks of arguments, before anything happens. */
final class Checks {

  private Checks() {}

  static void write(final ChunkKey key, final long offset, final ByteBuffer source) {
    Arguments.notNull("key", key);
    Arguments.notNull("source", source);
    Arguments.inRange("offset", offset, 0, ChunkStore.MAX_CHUNK_BYTES);
    if (offset > ChunkStore.MAX_CHUNK_BYTES - source.remaining()) {
      throw new IllegalArgumentException(
          "offset "
              + offset
              + " plus length "
              + source.remaining()
              + " is "
              + (offset + source.remaining())
              + ", must be at most "
              + ChunkStore.MAX_CHUNK_BYTES);
    }
  }

  static void read(final ChunkKey key, final long offset, final ByteBuffer target) {
    Arguments.notNull("key", key);
    Arguments.notNull("target", target);
    Arguments.notNegative("offset", offset);
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target is read-only: " + target);
    }
  }

  static void resize(final ChunkKey key, final long sizeBytes) {
    Arguments.notNull("key", key);
    Arguments.inRange("sizeBytes", sizeBytes, 0, ChunkStore.MAX_CHUNK_BYTES);
  }
}
