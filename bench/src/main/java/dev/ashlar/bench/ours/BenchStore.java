package dev.ashlar.bench.ours;

import dev.ashlar.ChunkStore;
import dev.ashlar.ChunkStoreOptions;
import dev.ashlar.Device;
import dev.ashlar.RuntimeOptions;
import dev.ashlar.SpdkOptions;
import dev.ashlar.bench.measure.Pages;
import dev.ashlar.bench.peer.Bdevperf;
import java.nio.file.Path;

/** Stores as a user opens them: the defaults, nothing tuned for a row. */
public final class BenchStore {

  private static final String FILE = "store";
  private static final int SPDK_OWN_MIB = 512;
  private static final long BACKEND_PROBE_BYTES = 64L << 20;

  private BenchStore() {}

  /**
   * A new store in memory.
   *
   * @param dataBytes that it is to hold; it has room for twice as much
   * @return an open store
   */
  public static ChunkStore inMemory(final long dataBytes) {
    return ChunkStore.open(
        ChunkStoreOptions.builder()
            .device(Device.memory(sizeBytes(dataBytes)))
            .createIfMissing(true)
            .build());
  }

  /**
   * Why there cannot be a store on SPDK here.
   *
   * @return a sentence, or an empty string if there can
   */
  public static String spdkObstacle() {
    return ChunkStore.class.getResource("/META-INF/native/linux-x86_64/libashlar_spdk.so") == null
        ? "Ashlar was built without SPDK"
        : "";
  }

  /**
   * A new store on a malloc bdev of SPDK, with one reactor and without huge pages.
   *
   * @param dataBytes that it is to hold; it has room for twice as much
   * @return an open store
   */
  public static ChunkStore onSpdk(final long dataBytes) {
    final long bytes = sizeBytes(dataBytes);
    final SpdkOptions spdk =
        SpdkOptions.builder()
            .hugePages(false)
            .memoryMib((int) (bytes >> 20) + SPDK_OWN_MIB)
            .configuration(Bdevperf.mallocBdev("Malloc0", bytes, Pages.BYTES))
            .build();
    return ChunkStore.open(
        ChunkStoreOptions.builder()
            .device(Device.bdev("Malloc0"))
            .runtime(RuntimeOptions.builder().reactors(1).spdk(spdk).build())
            .createIfMissing(true)
            .build());
  }

  /**
   * The store in a file, created if there is none.
   *
   * @param folder of the file
   * @param dataBytes that a new store is to hold; it has room for twice as much
   * @return an open store
   */
  public static ChunkStore onFile(final Path folder, final long dataBytes) {
    return ChunkStore.open(
        ChunkStoreOptions.builder()
            .device(Device.file(file(folder)))
            .size(sizeBytes(dataBytes))
            .createIfMissing(true)
            .build());
  }

  /**
   * The file of {@link #onFile}.
   *
   * @param folder of the file
   * @return its path
   */
  public static Path file(final Path folder) {
    return folder.resolve(FILE);
  }

  /**
   * How a store reaches a file here.
   *
   * @param folder for the file
   * @return as the store says it
   */
  public static String fileBackend(final Path folder) {
    try (ChunkStore store = onFile(folder, BACKEND_PROBE_BYTES)) {
      return store.stats().backend();
    }
  }

  /** Overwrites need room for the new pages before the old ones are free. */
  private static long sizeBytes(final long dataBytes) {
    return 2 * dataBytes + (256L << 20);
  }
}
