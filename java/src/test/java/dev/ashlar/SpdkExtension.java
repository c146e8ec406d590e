package dev.ashlar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ashlar.internal.NativeSpdk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * SPDK runs during the tests of a class, and the bdevs of a test go with it. Where Ashlar was built
 * without SPDK the class is skipped. Needs neither root nor huge pages.
 */
public final class SpdkExtension implements BeforeAllCallback, AfterAllCallback, AfterEachCallback {
  private static final String LIBRARY = "/META-INF/native/linux-x86_64/libashlar_spdk.so";

  /** The same for all tests of a process: DPDK's memory cannot be changed. */
  private static final int MEMORY_MIB = 1024;

  private final Deque<NativeSpdk.Reference> references = new ArrayDeque<>(); // nested classes too
  private final Deque<Runnable> deletions = new ArrayDeque<>();
  private int made;

  /** Options for this process, without a configuration. */
  public static SpdkOptions.Builder options() {
    return SpdkOptions.builder().hugePages(false).memoryMib(MEMORY_MIB);
  }

  /** Whether Ashlar was built with SPDK. */
  static boolean isBuilt() {
    return SpdkExtension.class.getResource(LIBRARY) != null;
  }

  /** Skips the test if this build has no SPDK. */
  public static void assumeThere() {
    assumeTrue(isBuilt(), "Ashlar was built without SPDK (-Dashlar.spdk=ON)");
  }

  @Override
  public void beforeAll(final ExtensionContext context) {
    assumeThere();
    references.push(NativeSpdk.acquire(options().build()));
  }

  @Override
  public void afterAll(final ExtensionContext context) {
    if (!references.isEmpty()) {
      references.pop().close();
    }
  }

  @Override
  public void afterEach(final ExtensionContext context) {
    while (!deletions.isEmpty()) {
      deletions.pop().run();
    }
  }

  /** A new bdev in memory. */
  Device malloc(final long bytes, final int blockBytes) {
    return make(
        "malloc", "\"num_blocks\":%d,\"block_size\":%d".formatted(bytes / blockBytes, blockBytes));
  }

  /** A new bdev of a new file. */
  Device aio(final Path folder, final long bytes) {
    final Path file = folder.resolve("aio" + made);
    try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
      disk.setLength(bytes);
    } catch (final IOException e) {
      throw new UncheckedIOException(e);
    }
    return make("aio", "\"filename\":\"%s\",\"block_size\":512".formatted(file));
  }

  private Device make(final String kind, final String params) {
    final String name = "\"name\":\"Test" + ++made + "\"";
    call("bdev_" + kind + "_create", "{" + name + "," + params + "}");
    deletions.push(() -> call("bdev_" + kind + "_delete", "{" + name + "}"));
    return Device.bdev("Test" + made);
  }

  private static void call(final String method, final String params) {
    final NativeSpdk.Reply reply = NativeSpdk.call(method, params);
    assertThat(reply.errorCode()).as("%s: %s", method, reply.text()).isZero();
  }
}
