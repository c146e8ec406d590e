package dev.ashlar;

import dev.ashlar.internal.NativeSpdk;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Files on bdevs of SPDK. */
class SpdkBlobFsTest {
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

  @Nested
  class OnMalloc extends BlobFsContract {
    private Device bdev;

    @BeforeEach
    void makeBdev() {
      bdev = SpdkBdevs.malloc(SIZE, 4096);
    }

    @AfterEach
    void deleteBdev() {
      SpdkBdevs.delete(bdev, "malloc");
    }

    @Override
    BlobFsOptions.Builder device() {
      return BlobFsOptions.builder().device(bdev);
    }
  }

  @Nested
  class OnAio extends BlobFsContract {
    @TempDir private Path folder;
    private Device bdev;

    @BeforeEach
    void makeBdev() {
      bdev = SpdkBdevs.aio(folder.resolve("device"), SIZE);
    }

    @AfterEach
    void deleteBdev() {
      SpdkBdevs.delete(bdev, "aio");
    }

    @Override
    BlobFsOptions.Builder device() {
      return BlobFsOptions.builder().device(bdev);
    }
  }
}
