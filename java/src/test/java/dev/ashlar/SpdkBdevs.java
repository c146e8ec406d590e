package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ashlar.internal.NativeSpdk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * SPDK and its bdevs, for tests. It needs neither root nor huge pages here; its memory is the same
 * for all tests of a process, since that cannot be changed.
 */
public final class SpdkBdevs {
  private static final String LIBRARY = "/META-INF/native/linux-x86_64/libashlar_spdk.so";
  private static final int MEMORY_MIB = 1024;
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private SpdkBdevs() {}

  /** Options for this process, without a configuration. */
  public static SpdkOptions.Builder options() {
    return SpdkOptions.builder().hugePages(false).memoryMib(MEMORY_MIB);
  }

  /** Starts SPDK, which runs until the reference is closed; skips the test if there is none. */
  public static NativeSpdk.Reference start() {
    assumeThere();
    return NativeSpdk.acquire(options().build());
  }

  /** Skips the test if this build has no SPDK. */
  public static void assumeThere() {
    assumeTrue(SpdkBdevs.class.getResource(LIBRARY) != null, "Ashlar was built without SPDK");
  }

  /** A new bdev in memory. */
  public static Device malloc(final long bytes, final int blockBytes) {
    final String name = "Test" + NUMBER.incrementAndGet();
    call(
        "bdev_malloc_create",
        "{\"name\":\"%s\",\"num_blocks\":%d,\"block_size\":%d}"
            .formatted(name, bytes / blockBytes, blockBytes));
    return Device.bdev(name);
  }

  /** A new bdev of a new file. */
  public static Device aio(final Path file, final long bytes) {
    try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(bytes);
    } catch (final IOException e) {
      throw new UncheckedIOException(e);
    }
    final String name = "Test" + NUMBER.incrementAndGet();
    call(
        "bdev_aio_create",
        "{\"name\":\"%s\",\"filename\":\"%s\",\"block_size\":512}".formatted(name, file));
    return Device.bdev(name);
  }

  /** Takes a bdev away. */
  public static void delete(final Device bdev, final String maker) {
    call("bdev_" + maker + "_delete", "{\"name\":\"" + bdev.label() + "\"}");
  }

  /** Calls a method of SPDK's that must not fail. */
  public static String call(final String method, final String params) {
    final NativeSpdk.Reply reply = NativeSpdk.call(method, params);
    assertThat(reply.errorCode()).as("%s: %s", method, reply.text()).isZero();
    return reply.text();
  }
}
