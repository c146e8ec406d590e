package dev.ashlar.cli;

import dev.ashlar.ChunkBatch;
import dev.ashlar.ChunkKey;
import dev.ashlar.ChunkStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Replaces the whole content of a chunk at once, or leaves the chunk as it was. Content of any
 * length goes through a few buffers.
 */
final class ChunkReplacement {
  private static final int PIECES = 8;

  private final ChunkStore store;
  private final ChunkKey key;

  ChunkReplacement(final ChunkStore store, final ChunkKey key) {
    this.store = store;
    this.key = key;
  }

  void from(final ReadableByteChannel source) throws IOException {
    final List<ByteBuffer> pieces = new ArrayList<>();
    for (int i = 0; i < PIECES; i++) {
      pieces.add(store.allocate(Pieces.BYTES));
    }
    try (ChunkBatch batch = store.batch()) {
      if (store.exists(key)) {
        batch.remove(key);
      }
      batch.create(key);
      long offset = 0;
      for (int next = 0; fill(pieces.get(next).clear(), source); next = (next + 1) % PIECES) {
        final ByteBuffer piece = pieces.get(next).flip();
        batch.write(key, offset, piece);
        offset += piece.limit();
        if (next == PIECES - 1) {
          batch.stage();
        }
      }
      batch.commit();
    }
  }

  /** Reads until the buffer is full or the source ends; false if there was nothing. */
  static boolean fill(final ByteBuffer buffer, final ReadableByteChannel source)
      throws IOException {
    while (buffer.hasRemaining() && source.read(buffer) >= 0) {}
    return buffer.position() > 0;
  }
}
