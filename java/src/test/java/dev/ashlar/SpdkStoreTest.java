package dev.ashlar;

import dev.ashlar.internal.NativeSpdk;
import dev.ashlar.testing.ChunkStoreContract;
import dev.ashlar.testing.StoreUnderTest;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Stores on bdevs of SPDK. */
class SpdkStoreTest {
  private static final long SIZE = 256L << 20;

  private static NativeSpdk.Reference spdk;

  @BeforeAll
  static void startSpdk() {
    spdk = SpdkBdevs.start();
  }

  @AfterAll
  static void stopSpdk() {
    if (spdk != null) {
      spdk.close();
    }
  }

  /** Closes the store, then takes its bdev away. */
  private record OnBdev(StoreUnderTest inner, Device bdev, String maker) implements StoreUnderTest {
    static OnBdev open(final Device bdev, final String maker) {
      return new OnBdev(
          new NativeStoreUnderTest(
              ChunkStoreOptions.builder().device(bdev).createIfMissing(true).build()),
          bdev,
          maker);
    }

    @Override
    public ChunkStore store() {
      return inner.store();
    }

    @Override
    public void reopen() {
      inner.reopen();
    }

    @Override
    public void close() {
      inner.close();
      SpdkBdevs.delete(bdev, maker);
    }
  }

  @Nested
  class OnMalloc extends ChunkStoreContract {
    @Override
    protected StoreUnderTest openStore() {
      return OnBdev.open(SpdkBdevs.malloc(SIZE, 4096), "malloc");
    }
  }

  @Nested
  class OnMallocOfSmallBlocks extends ChunkStoreContract {
    @Override
    protected StoreUnderTest openStore() {
      return OnBdev.open(SpdkBdevs.malloc(SIZE, 512), "malloc");
    }
  }

  @Nested
  class OnAio extends ChunkStoreContract {
    @TempDir private Path folder;

    @Override
    protected StoreUnderTest openStore() {
      return OnBdev.open(SpdkBdevs.aio(folder.resolve("device"), SIZE), "aio");
    }
  }
}
