package dev.ashlar;

import dev.ashlar.testing.ChunkStoreContract;
import dev.ashlar.testing.StoreUnderTest;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Stores on bdevs of SPDK. */
class SpdkChunkStoreTest {
  private static final long SIZE = 256L << 20;

  @RegisterExtension static final SpdkExtension SPDK = new SpdkExtension();

  private static StoreUnderTest open(final Device bdev) {
    return new NativeStoreUnderTest(
        ChunkStoreOptions.builder().device(bdev).createIfMissing(true).build());
  }

  @Nested
  class OnMalloc extends ChunkStoreContract {
    @Override
    protected StoreUnderTest openStore() {
      return open(SPDK.malloc(SIZE, 4096));
    }
  }

  @Nested
  class OnMallocOfSmallBlocks extends ChunkStoreContract {
    @Override
    protected StoreUnderTest openStore() {
      return open(SPDK.malloc(SIZE, 512));
    }
  }

  @Nested
  class OnAio extends ChunkStoreContract {
    @TempDir private Path folder;

    @Override
    protected StoreUnderTest openStore() {
      return open(SPDK.aio(folder, SIZE));
    }
  }
}
