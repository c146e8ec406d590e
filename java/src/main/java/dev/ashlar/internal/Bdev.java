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
  private final @Nullable String file;
  private final boolean blockSizeGiven;
  private final boolean readOnly;

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
      final @Nullable String file,
      final boolean blockSizeGiven,
      final boolean readOnly) {
    this.kind = kind;
    this.name = name;
    this.uuid = uuid;
    this.blockBytes = blockBytes;
    this.blocks = blocks;
    this.file = file;
    this.blockSizeGiven = blockSizeGiven;
    this.readOnly = readOnly;
  }

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
   * The file or block device behind it.
   *
   * @return the path as given; null for memory
   */
  public @Nullable String file() {
    return file;
  }

  /**
   * Whether the block size was given when it was made.
   *
   * @return false: it was found out
   */
  public boolean isBlockSizeGiven() {
    return blockSizeGiven;
  }

  /**
   * Whether it is opened for reading only.
   *
   * @return false but for files made so
   */
  public boolean isReadOnly() {
    return readOnly;
  }

  NativeDevice nativeDevice() {
    return file == null ? NativeDevice.namedMemory(name) : NativeDevice.file(file);
  }

  @Override
  public String toString() {
    return name;
  }
}
