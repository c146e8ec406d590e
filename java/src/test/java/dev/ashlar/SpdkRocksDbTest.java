package dev.ashlar;

import dev.ashlar.internal.NativeSpdk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** RocksDB with its files on bdevs of SPDK. */
class SpdkRocksDbTest {
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

  private static BlobFs open(final Device bdev) {
    return BlobFs.open(BlobFsOptions.builder().device(bdev).createIfMissing(true).build());
  }

  @Nested
  class OnMalloc extends RocksDbOnBlobFsTest {
    private final List<Device> bdevs = new ArrayList<>();
    private Device same;

    @AfterEach
    void deleteBdevs() {
      bdevs.forEach(bdev -> SpdkBdevs.delete(bdev, "malloc"));
    }

    private Device make(final long bytes) {
      bdevs.add(SpdkBdevs.malloc(bytes, 4096));
      return bdevs.get(bdevs.size() - 1);
    }

    @Override
    BlobFs file() {
      if (same == null) {
        same = make(SIZE);
      }
      return open(same);
    }

    @Override
    BlobFs fresh(final long bytes) {
      return open(make(bytes));
    }
  }

  @Nested
  class OnAio extends RocksDbOnBlobFsTest {
    private final List<Device> bdevs = new ArrayList<>();
    private Device same;

    @AfterEach
    void deleteBdevs() {
      bdevs.forEach(bdev -> SpdkBdevs.delete(bdev, "aio"));
    }

    private Device make(final long bytes) {
      final Path file = folder.resolve("device" + bdevs.size());
      bdevs.add(SpdkBdevs.aio(file, bytes));
      return bdevs.get(bdevs.size() - 1);
    }

    @Override
    BlobFs file() {
      if (same == null) {
        same = make(SIZE);
      }
      return open(same);
    }

    @Override
    BlobFs fresh(final long bytes) {
      return open(make(bytes));
    }
  }
}
