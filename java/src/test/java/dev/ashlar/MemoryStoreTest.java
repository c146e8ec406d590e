package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MemoryStoreTest {
  @Test
  void whatWasWrittenIsReadUntilTheStoreIsClosed() {
    final ChunkKey key = ChunkKey.of("k");
    final byte[] data = new byte[5_000_000];
    new SplittableRandom(1).nextBytes(data);
    try (ChunkStore store =
        ChunkStore.open(ChunkStoreOptions.builder().device(Device.memory(64L << 20)).build())) {
      store.create(key);
      store.write(key, 77, ByteBuffer.wrap(data));
      final ByteBuffer target = store.allocate(data.length);
      assertThat(store.read(key, 77, target)).isEqualTo(data.length);
      final byte[] result = new byte[data.length];
      target.flip().get(result);
      assertThat(result).isEqualTo(data);
      final ByteBuffer small = ByteBuffer.allocate(100);
      assertThat(store.read(key, 1000, small)).isEqualTo(100);
      assertThat(small.array()).isEqualTo(java.util.Arrays.copyOfRange(data, 923, 1023));
      store.remove(key);
      assertThat(store.stats().problems()).isEmpty();
    }
  }
}
