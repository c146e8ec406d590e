package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ashlar.testing.ModelRun;
import dev.ashlar.testing.RandomChange;
import dev.ashlar.testing.Seed;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeModelTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, false"})
  void everyOperationDoesWhatTheModelDoes(final boolean uring, final boolean direct) {
    final SplittableRandom random = Seed.random("NativeModelTest");
    try (NativeStoreUnderTest store =
        new NativeStoreUnderTest(
            ChunkStoreOptions.builder()
                .device(Device.file(folder.resolve("device")))
                .size(96L << 20)
                .useIoUring(uring)
                .directIo(direct)
                .createIfMissing(true)
                .build())) {
      new ModelRun(store, random, new RandomChange.Shape("object-", 8, 1_500_000, true))
          .run(1200, 150);
    }
  }

  @Test
  void theWayOfIoMayBeAnotherAtEachOpen() {
    final ChunkStoreOptions options =
        ChunkStoreOptions.builder()
            .device(Device.file(folder.resolve("device")))
            .size(96L << 20)
            .createIfMissing(true)
            .build();
    final ChunkKey key = ChunkKey.of("k");
    final byte[] expected = new byte[200_000];
    for (int round = 0; round < 12; round++) {
      final boolean uring = round % 2 == 0;
      final boolean direct = round % 3 == 0;
      try (ChunkStore store =
          ChunkStore.open(options.toBuilder().useIoUring(uring).directIo(direct).build())) {
        if (round == 0) {
          store.create(key);
        }
        final byte[] bytes = new byte[50_000];
        Arrays.fill(bytes, (byte) (round + 1));
        final int at = round * 10_007;
        store.write(key, at, ByteBuffer.wrap(bytes));
        System.arraycopy(bytes, 0, expected, at, bytes.length);
        final byte[] held = new byte[at + bytes.length];
        store.read(key, 0, ByteBuffer.wrap(held));
        assertThat(held).isEqualTo(Arrays.copyOf(expected, held.length));
      }
    }
  }
}
