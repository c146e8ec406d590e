package dev.ashlar.internal;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A block device with a name, as the configuration or a program has made it. It exists until it is
 * deleted; a store or a file system has it open for a part of that time.
 *
 * <p>Immutable but for its use, which {@link Bdevs} guards.
 */
public final class Bdev {

  /** What is behind it. */
  public enum Kind {
    /** Memory of this process. */
    MALLOC,
    /** A file or block device, made as "aio". */
    AIO,
    /** A file or block device, made as "uring". */
    URING
  }

  private final Kind kind;
  private final String name;
  private final UUID uuid;
  private final int blockBytes;
  private final long blocks;
  private final @Nullable FileOptions options;

  /** Who has it open; guarded by Bdevs. */
  @Nullable BdevUse use;

  /** What those did who have closed it; guarded by Bdevs. */
  Counters past = Counters.ZERO;

  Bdev(
      final Kind kind,
      final String name,
      final UUID uuid,
      final int blockBytes,
      final long blocks,
      final @Nullable FileOptions options) {
    this.kind = kind;
    this.name = name;
    this.uuid = uuid;
    this.blockBytes = blockBytes;
    this.blocks = blocks;
    this.options = options;
  }

  /**
   * What a device of a file was made with.
   *
   * @param file path of the file or block device
   * @param blockBytes 512 or 4096; 0: 512
   * @param readOnly whether it is never written
   * @param uuid of the device; null: random
   */
  public record FileOptions(String file, int blockBytes, boolean readOnly, @Nullable UUID uuid) {}

  /**
   * What the users of a device have done with it.
   *
   * @param reads operations
   * @param writes operations
   * @param flushes operations
   * @param bytesRead bytes
   * @param bytesWritten bytes
   */
  public record Counters(long reads, long writes, long flushes, long bytesRead, long bytesWritten) {
    static final Counters ZERO = new Counters(0, 0, 0, 0, 0);

    Counters plus(final Counters more) {
      return new Counters(
          reads + more.reads,
          writes + more.writes,
          flushes + more.flushes,
          bytesRead + more.bytesRead,
          bytesWritten + more.bytesWritten);
    }
  }

  /**
   * What is behind it.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * Its name.
   *
   * @return not empty
   */
  public String name() {
    return name;
  }

  /**
   * Its identity.
   *
   * @return given when it was made, or random
   */
  public UUID uuid() {
    return uuid;
  }

  /**
   * Unit of addressing.
   *
   * @return 512 or 4096
   */
  public int blockBytes() {
    return blockBytes;
  }

  /**
   * Size.
   *
   * @return a number of blocks
   */
  public long blocks() {
    return blocks;
  }

  /**
   * What it was made with.
   *
   * @return null for memory
   */
  public @Nullable FileOptions fileOptions() {
    return options;
  }

  /**
   * Whether it is opened for reading only.
   *
   * @return false but for files made so
   */
  public boolean isReadOnly() {
    return options != null && options.readOnly();
  }

  NativeDevice nativeDevice() {
    return options == null ? NativeDevice.namedMemory(name) : NativeDevice.file(options.file());
  }

  @Override
  public String toString() {
    return name;
  }
}
