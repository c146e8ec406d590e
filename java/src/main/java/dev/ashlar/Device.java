package dev.ashlar;

import dev.ashlar.internal.Arguments;
import dev.ashlar.internal.Bdevs;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a store lies on, as its user names it. Naming a device opens nothing.
 *
 * <p>Immutable; may be shared between threads.
 */
public final class Device {

  /** Smallest device that can hold a store: 16 MiB. */
  public static final long MIN_BYTES = 16L << 20;

  /** Largest device: 1 PiB. */
  public static final long MAX_BYTES = 1L << 50;

  /** Sizes are multiples of this: 4096. */
  public static final int PAGE_BYTES = 4096;

  private final Kind kind;
  private final @Nullable Path path;
  private final String label;
  private final long sizeBytes;
  private final int sectorBytes;
  private final boolean cacheNonVolatile;

  private Device(
      final Kind kind,
      final @Nullable Path path,
      final String label,
      final long sizeBytes,
      final int sectorBytes) {
    this(kind, path, label, sizeBytes, sectorBytes, false);
  }

  private Device(
      final Kind kind,
      final @Nullable Path path,
      final String label,
      final long sizeBytes,
      final int sectorBytes,
      final boolean cacheNonVolatile) {
    this.kind = kind;
    this.path = path;
    this.label = label;
    this.sizeBytes = sizeBytes;
    this.sectorBytes = sectorBytes;
    this.cacheNonVolatile = cacheNonVolatile;
  }

  /** The kinds of devices. */
  public enum Kind {
    /** A plain file or a block device. */
    FILE,
    /** Memory of this process; the content is gone when the store is closed. */
    MEMORY,
    /** A block device with a name, see {@link AshlarRuntime}. */
    BDEV,
    /** Simulated by the testing build of the native library; fails with any other build. */
    CRASH
  }

  /**
   * A plain file or a block device. How large a file becomes that does not exist yet is said by
   * {@link ChunkStoreOptions.Builder#size}; of an existing file or block device, what is beyond the
   * last whole page of {@value #PAGE_BYTES} bytes is not used.
   *
   * @param path of the file; a symbolic link is refused when the store is opened
   * @return the device
   * @throws IllegalArgumentException if the path has no file name or is not on the default file
   *     system
   */
  public static Device file(final Path path) {
    Arguments.notNull("path", path);
    if (path.getFileName() == null || path.getFileName().toString().isEmpty()) {
      throw new IllegalArgumentException("path \"" + path + "\" has no file name");
    }
    if (path.getFileSystem() != FileSystems.getDefault()) {
      throw new IllegalArgumentException(
          "path " + path.toUri() + " is not on the default file system");
    }
    return new Device(Kind.FILE, path, path.toString(), 0, 0);
  }

  /**
   * Memory of this process, zeroed when the store is opened and given back when it is closed. It is
   * not part of the store's memory budget.
   *
   * @param bytes size, {@link #MIN_BYTES} to {@link #MAX_BYTES}, a multiple of {@value #PAGE_BYTES}
   * @return the device
   * @throws IllegalArgumentException if the size is out of range or no multiple
   */
  public static Device memory(final long bytes) {
    return memory(bytes, PAGE_BYTES);
  }

  /**
   * A block device that {@link AshlarRuntime#configure}, the rpc socket or SPDK's configuration has
   * made, by its name. In memory too it keeps its content from one opening to the next, until it is
   * deleted, the process ends, or SPDK, if it is SPDK's.
   *
   * @param name such as {@code Malloc0}; whether there is one is seen when it is opened
   * @return the device
   * @throws IllegalArgumentException if it cannot be a name
   */
  public static Device bdev(final String name) {
    Arguments.notNull("name", name);
    return new Device(Kind.BDEV, null, Bdevs.checkName(name), 0, 0);
  }

  /**
   * The same bdev, with the assurance that what it has written survives a power cut even though it
   * knows no flush. SPDK's uring bdevs are such: without this a store refuses to write to them.
   * Believed; has no meaning for other devices.
   *
   * @return the device
   */
  public Device withNonVolatileCache() {
    return new Device(kind, path, label, sizeBytes, sectorBytes, true);
  }

  /**
   * Whether it was said that its cache survives a power cut.
   *
   * @return false unless made by {@link #withNonVolatileCache}
   */
  public boolean isCacheNonVolatile() {
    return cacheNonVolatile;
  }

  /**
   * Memory that is addressed in sectors of 512 or 4096 bytes; for tests.
   *
   * @param bytes size, as in {@link #memory(long)}
   * @param sectorBytes 512 or 4096
   * @return the device
   */
  static Device memory(final long bytes, final int sectorBytes) {
    return new Device(
        Kind.MEMORY, null, "memory", checkSize("bytes", bytes), checkSector(sectorBytes));
  }

  /**
   * A simulated device whose crash images the testing build of the native library can give.
   *
   * @param label names the device; the same label finds the same content again within this process
   * @param bytes size, as in {@link #memory(long)}
   * @param sectorBytes 512 or 4096
   * @return the device
   */
  static Device crash(final String label, final long bytes, final int sectorBytes) {
    return new Device(
        Kind.CRASH,
        null,
        Arguments.notNull("label", label),
        checkSize("bytes", bytes),
        checkSector(sectorBytes));
  }

  /**
   * What kind of device this is.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * Where a file or block device is.
   *
   * @return the path as given; null for other kinds
   */
  public @Nullable Path path() {
    return path;
  }

  /**
   * Names the device in messages: its path, or a label.
   *
   * @return the name
   */
  public String label() {
    return label;
  }

  /**
   * Size of a memory device.
   *
   * @return bytes; 0 for others, which know their size themselves
   */
  public long sizeBytes() {
    return sizeBytes;
  }

  /**
   * Sector size of a memory device.
   *
   * @return 512 or 4096; 0 for others, which know it themselves
   */
  public int sectorBytes() {
    return sectorBytes;
  }

  /**
   * Refuses sizes that no device can have.
   *
   * @param name of the argument
   * @param bytes its value
   * @return the value
   * @throws IllegalArgumentException if it is out of range or no multiple of a page
   */
  static long checkSize(final String name, final long bytes) {
    Arguments.inRange(name, bytes, MIN_BYTES, MAX_BYTES);
    return Arguments.multipleOf(name, bytes, PAGE_BYTES);
  }

  private static int checkSector(final int sectorBytes) {
    if (sectorBytes != 512 && sectorBytes != PAGE_BYTES) {
      throw new IllegalArgumentException(
          "sectorBytes is " + sectorBytes + ", must be 512 or " + PAGE_BYTES);
    }
    return sectorBytes;
  }

  @Override
  public boolean equals(final @Nullable Object other) {
    return this == other
        || (other instanceof Device device
            && kind == device.kind
            && sizeBytes == device.sizeBytes
            && sectorBytes == device.sectorBytes
            && cacheNonVolatile == device.cacheNonVolatile
            && label.equals(device.label)
            && Objects.equals(path, device.path));
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, label, sizeBytes, sectorBytes, cacheNonVolatile);
  }

  @Override
  public String toString() {
    return label;
  }
}
