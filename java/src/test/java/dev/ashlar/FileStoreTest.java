package dev.ashlar;

import dev.ashlar.testing.ChunkStoreContract;
import dev.ashlar.testing.StoreUnderTest;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileStoreTest extends ChunkStoreContract {
  @TempDir Path folder;

  @Override
  protected StoreUnderTest openStore() {
    return new NativeStoreUnderTest(
        ChunkStoreOptions.builder()
            .device(Device.file(folder.resolve("device")))
            .size(256L << 20)
            .createIfMissing(true)
            .build());
  }
}
