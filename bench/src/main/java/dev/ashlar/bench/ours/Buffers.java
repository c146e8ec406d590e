package dev.ashlar.bench.ours;

import dev.ashlar.ChunkStore;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Buffers from a store, in the byte order that benchmark pages need. */
final class Buffers {

  private Buffers() {}

  static ByteBuffer pages(final ChunkStore store, final int bytes) {
    return store.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static ByteBuffer[] pages(final ChunkStore store, final int bytes, final int count) {
    final ByteBuffer[] buffers = new ByteBuffer[count];
    for (int i = 0; i < count; i++) {
      buffers[i] = pages(store, bytes);
    }
    return buffers;
  }
}
