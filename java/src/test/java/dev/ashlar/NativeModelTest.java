package dev.ashlar;

import dev.ashlar.testing.ModelRun;
import dev.ashlar.testing.RandomChange;
import dev.ashlar.testing.Seed;
import java.nio.file.Path;
import java.util.SplittableRandom;
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
}
