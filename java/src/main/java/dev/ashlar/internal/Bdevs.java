package dev.ashlar.internal;

import dev.ashlar.BadConfigurationException;
import dev.ashlar.Device;
import dev.ashlar.NoSuchDeviceException;
import dev.ashlar.SpdkOptions;
import dev.ashlar.StorageIoException;
import dev.ashlar.StoreBusyException;
import dev.ashlar.StoreExistsException;
import dev.ashlar.internal.Bdev.FileOptions;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The named block devices of this process. May be used by many threads at once. */
public final class Bdevs {
  private static final int SMALL_BLOCK = 512;
  private static final int MAX_NAME_CHARS = 255;

  // Of stat(2).
  private static final int TYPE = 0170000;
  private static final int PLAIN_FILE = 0100000;
  private static final int BLOCK_DEVICE = 0060000;

  private static final Map<String, Bdev> BDEVS = new LinkedHashMap<>(); // guarded by the class

  /** SPDK's that are open here, as they were named; guarded by the class. */
  private static final Map<String, BdevUse> USES_OF_SPDK = new HashMap<>();

  private static int lastMalloc = -1; // guarded by the class

  private Bdevs() {}

  // --- making and deleting -----------------------------------------------------------------------

  /**
   * Makes a device in memory, zeroed.
   *
   * @param name of it; null: Malloc and a number
   * @param uuid of it; null: random
   * @param blocks its size
   * @param blockBytes 512 or 4096
   * @return the device
   */
  public static synchronized Bdev createMalloc(
      final @Nullable String name,
      final @Nullable UUID uuid,
      final long blocks,
      final int blockBytes) {
    checkBlock(blockBytes);
    Arguments.inRange("num_blocks", blocks, 1, Device.MAX_BYTES / blockBytes);
    final long bytes = blocks * blockBytes;
    Arguments.multipleOf("num_blocks * block_size", bytes, Device.PAGE_BYTES);
    final String given = name == null ? nextMallocName() : name;
    checkNew(given);
    NativeLibrary.load();
    Native.namedMemoryCreate(given, bytes, blockBytes);
    return add(new Bdev(Bdev.Kind.MALLOC, given, orRandom(uuid), blockBytes, blocks, null));
  }

  private static String nextMallocName() {
    String name = "Malloc" + ++lastMalloc;
    while (lookUp(name) != null) {
      name = "Malloc" + ++lastMalloc;
    }
    return name;
  }

  /**
   * Makes a device of a file or block device that exists.
   *
   * @param kind AIO or URING
   * @param name of it
   * @param options which file, and how
   * @return the device
   */
  public static synchronized Bdev createFile(
      final Bdev.Kind kind, final String name, final FileOptions options) {
    final int block = options.blockBytes() == 0 ? SMALL_BLOCK : options.blockBytes();
    checkBlock(block);
    checkNew(name);
    final long bytes = sizeOf(Device.file(Path.of(options.file())).path());
    return add(new Bdev(kind, name, orRandom(options.uuid()), block, bytes / block, options));
  }

  private static long sizeOf(final Path file) {
    try {
      final int type =
          (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS) & TYPE;
      if (type != PLAIN_FILE
          && type != BLOCK_DEVICE) { // such as a pipe, which would keep us waiting
        throw new BadConfigurationException(file + " is neither a plain file nor a block device");
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        return channel.size();
      }
    } catch (final NoSuchFileException e) {
      throw new NoSuchDeviceException("there is no file or block device " + file, e);
    } catch (final IOException e) {
      throw new StorageIoException("opening " + file + " failed: " + e.getMessage(), 0, e);
    }
  }

  private static UUID orRandom(final @Nullable UUID uuid) {
    return uuid == null ? UUID.randomUUID() : uuid;
  }

  private static void checkBlock(final int bytes) {
    if (bytes != SMALL_BLOCK && bytes != Device.PAGE_BYTES) {
      throw new IllegalArgumentException("block_size is " + bytes + ", must be 512 or 4096");
    }
  }

  private static void checkNew(final String name) {
    checkName(name);
    if (lookUp(name) != null) {
      throw new StoreExistsException("there is a bdev named " + name + " already");
    }
  }

  /**
   * Refuses what cannot be a name.
   *
   * @param name to look at
   * @return the name
   * @throws IllegalArgumentException if it is empty, longer than 255 characters or holds characters
   *     that cannot be seen
   */
  public static String checkName(final String name) {
    if (name.isEmpty()
        || name.length() > MAX_NAME_CHARS
        || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "a name of a bdev has 1 to " + MAX_NAME_CHARS + " characters that can be seen");
    }
    return name;
  }

  private static Bdev add(final Bdev bdev) {
    BDEVS.put(bdev.name(), bdev);
    Bdevs.class.notifyAll();
    return bdev;
  }

  /**
   * Deletes a device; what a device in memory holds is lost.
   *
   * @param name of it
   * @throws NoSuchDeviceException if there is none
   * @throws StoreBusyException if it is open
   */
  public static synchronized void delete(final String name) {
    final Bdev bdev = find(name);
    if (bdev.use != null) {
      throw inUse(bdev);
    }
    if (bdev.kind() == Bdev.Kind.MALLOC) {
      Native.namedMemoryDrop(bdev.name());
    }
    BDEVS.remove(bdev.name());
  }

  // --- looking -----------------------------------------------------------------------------------

  /**
   * A device by its name, or by its UUID, which is an alias of it.
   *
   * @param name of it
   * @return the device
   * @throws NoSuchDeviceException if there is none
   */
  public static synchronized Bdev find(final String name) {
    final Bdev bdev = lookUp(name);
    if (bdev == null) {
      throw new NoSuchDeviceException(
          "there is no bdev named "
              + name
              + (BDEVS.isEmpty() ? "; none is configured" : ", only " + BDEVS.keySet()));
    }
    return bdev;
  }

  private static @Nullable Bdev lookUp(final String name) {
    final Bdev named = BDEVS.get(name);
    if (named != null) {
      return named;
    }
    for (final Bdev bdev : BDEVS.values()) {
      if (bdev.uuid().toString().equals(name)) {
        return bdev;
      }
    }
    return null;
  }

  /**
   * Waits until there is a device of a name, or the time is over.
   *
   * @param name of it
   * @param millis at most
   * @throws InterruptedException if the thread is interrupted
   */
  public static synchronized void await(final String name, final long millis)
      throws InterruptedException {
    final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (lookUp(name) == null) {
      final long left = end - System.nanoTime();
      if (left <= 0) {
        return;
      }
      TimeUnit.NANOSECONDS.timedWait(Bdevs.class, left);
    }
  }

  /**
   * All devices.
   *
   * @return in the order in which they were made
   */
  public static synchronized List<Bdev> all() {
    return List.copyOf(BDEVS.values());
  }

  /**
   * Whether a device is open in this process, one of SPDK's too.
   *
   * @param name of it
   * @return true as long as someone has it open
   */
  public static synchronized boolean isOpen(final String name) {
    return useOf(name) != null;
  }

  private static @Nullable BdevUse useOf(final String name) {
    final Bdev bdev = BDEVS.get(name);
    return bdev == null ? USES_OF_SPDK.get(name) : bdev.use;
  }

  /**
   * What has been done with a device since it was made.
   *
   * @param bdev to look at
   * @return the sums
   */
  public static synchronized Bdev.Counters counters(final Bdev bdev) {
    final BdevUse use = bdev.use;
    return use == null ? bdev.past : bdev.past.plus(use.counters());
  }

  /**
   * The files of whoever has a device open.
   *
   * @param name of it
   * @return null if it is not open, or opened without its files
   */
  public static synchronized @Nullable NativeBlobFs openFiles(final String name) {
    final BdevUse use = useOf(name);
    return use == null ? null : use.files();
  }

  /** The device that a use was of is closed. */
  static synchronized void leave(final BdevUse use) {
    USES_OF_SPDK.values().remove(use);
  }

  /**
   * Whether a name is not one of these devices, and SPDK runs and is to look for it.
   *
   * @param name of a device
   * @return true also if SPDK has none of that name
   */
  public static synchronized boolean isOfSpdk(final String name) {
    return lookUp(name) == null && NativeSpdk.isRunning();
  }

  // --- opening -----------------------------------------------------------------------------------

  /**
   * Enters a device before it is opened. Others than bdevs have their own locks.
   *
   * @param device to be opened
   * @param readOnly whether it is only read
   * @param spdk what SPDK is started with for it; null: it is not
   * @return the use, to be ended by {@link BdevUse#closed}
   * @throws StoreBusyException if it is open
   * @throws BadConfigurationException if it is to be written and cannot be
   */
  static BdevUse enter(
      final Device device, final boolean readOnly, final @Nullable SpdkOptions spdk) {
    final NativeSpdk.Reference reference = NativeSpdk.acquire(spdk);
    try {
      return enter(device, readOnly, reference);
    } catch (final RuntimeException | Error e) {
      reference.close();
      throw e;
    }
  }

  private static synchronized BdevUse enter(
      final Device device, final boolean readOnly, final NativeSpdk.Reference spdk) {
    // Whether one of SPDK's is in use is SPDK's to say.
    if (device.kind() != Device.Kind.BDEV) {
      return new BdevUse(null, spdk);
    }
    if (isOfSpdk(device.label())) {
      final BdevUse use = new BdevUse(null, spdk);
      USES_OF_SPDK.putIfAbsent(device.label(), use);
      return use;
    }
    final Bdev bdev = find(device.label());
    if (bdev.use != null) {
      throw inUse(bdev);
    }
    if (bdev.isReadOnly() && !readOnly) {
      throw new BadConfigurationException(
          "bdev " + bdev + " was made read-only: open it read-only");
    }
    bdev.use = new BdevUse(bdev, spdk);
    return bdev.use;
  }

  private static StoreBusyException inUse(final Bdev bdev) {
    return new StoreBusyException("bdev " + bdev + " is open in this process");
  }
}
