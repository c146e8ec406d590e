package dev.ashlar;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.RegisterExtension;

/** RocksDB with its files on bdevs of SPDK. */
class SpdkRocksDbTest {
  @RegisterExtension static final SpdkExtension SPDK = new SpdkExtension();

  abstract static class OnBdev extends RocksDbOnBlobFsTest {
    private @Nullable Device same;

    abstract Device make(long bytes);

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

    private static BlobFs open(final Device bdev) {
      return BlobFs.open(BlobFsOptions.builder().device(bdev).createIfMissing(true).build());
    }
  }

  @Nested
  class OnMalloc extends OnBdev {
    @Override
    Device make(final long bytes) {
      return SPDK.malloc(bytes, 4096);
    }
  }

  @Nested
  class OnAio extends OnBdev {
    @Override
    Device make(final long bytes) {
      return SPDK.aio(folder, bytes);
    }
  }
}
