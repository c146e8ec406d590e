package dev.ashlar;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Files on bdevs of SPDK. */
class SpdkBlobFsTest {
  @RegisterExtension static final SpdkExtension SPDK = new SpdkExtension();

  abstract static class OnBdev extends BlobFsContract {
    private Device bdev;

    abstract Device make();

    @BeforeEach
    void makeBdev() {
      bdev = make();
    }

    @Override
    BlobFsOptions.Builder device() {
      return BlobFsOptions.builder().device(bdev);
    }
  }

  @Nested
  class OnMalloc extends OnBdev {
    @Override
    Device make() {
      return SPDK.malloc(SIZE, 4096);
    }
  }

  @Nested
  class OnAio extends OnBdev {
    @TempDir private Path folder;

    @Override
    Device make() {
      return SPDK.aio(folder, SIZE);
    }
  }
}
