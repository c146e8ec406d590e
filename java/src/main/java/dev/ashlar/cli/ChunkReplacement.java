package dev.ashlar.cli;

import dev.ashlar.ChunkBatch;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** Replaces the whole content of a chunk at once, or leaves the chunk as it was. */
final class ChunkReplacement {
  private final ChunkStore store;
  private final ChunkKey key;

  ChunkReplacement(final ChunkStore store, final ChunkKey key) {
    this.store = store;
    this.key = key;
  }

  void from(final ReadableByteChannel source) throws IOException {
    final ChunkBatch batch = store.batch();
    if (store.exists(key)) {
      batch.remove(key);
    }
    batch.create(key);
    long offset = 0;
    ByteBuffer piece = store.allocate(Pieces.BYTES);
    while (fill(piece, source)) {
      batch.write(key, offset, piece.flip());
      offset += piece.limit();
      piece = store.allocate(Pieces.BYTES);
    }
    batch.commit();
  }

  /** Reads until the buffer is full or the source ends; false if there was nothing. */
  static boolean fill(final ByteBuffer buffer, final ReadableByteChannel source)
      throws IOException {
    while (buffer.hasRemaining() && source.read(buffer) >= 0) {}
    return buffer.position() > 0;
  }
}
