package dev.ashlar.internal;

import dev.ashlar.Device;

/**
 * A device as the native core names it.
 *
 * @param kind number of its kind, see {@link Native#storeOpen}
 * @param path of a file, or a label or name
 * @param sizeBytes of memory; 0 for a file
 * @param sectorBytes of memory; 0 for a file
 * @param flags of {@link Native#storeOpen} that the device itself asks for
 */
record NativeDevice(int kind, String path, long sizeBytes, int sectorBytes, int flags) {
  private static final int MEMORY = 0;
  private static final int FILE = 1;
  private static final int CRASH = 2;
  private static final int NAMED_MEMORY = 3;
  private static final int SPDK = 4;

  static NativeDevice of(final Device device) {
    return switch (device.kind()) {
      case MEMORY -> simulated(MEMORY, device);
      case CRASH -> simulated(CRASH, device);
      case FILE -> file(device.label());
      case BDEV ->
          Bdevs.isOfSpdk(device.label()) ? spdk(device) : Bdevs.find(device.label()).nativeDevice();
    };
  }

  private static NativeDevice simulated(final int kind, final Device device) {
    return new NativeDevice(kind, device.label(), device.sizeBytes(), device.sectorBytes(), 0);
  }

  static NativeDevice file(final String path) {
    return new NativeDevice(FILE, path, 0, 0, 0);
  }

  static NativeDevice namedMemory(final String name) {
    return new NativeDevice(NAMED_MEMORY, name, 0, 0, 0);
  }

  private static NativeDevice spdk(final Device device) {
    return new NativeDevice(
        SPDK,
        device.label(),
        0,
        0,
        device.isCacheNonVolatile() ? Native.OPEN_NON_VOLATILE_CACHE : 0);
  }

  /** Whether its content lies in memory, so that a read takes about a microsecond. */
  boolean isMemory() {
    return kind != FILE && kind != SPDK;
  }

  /** Whether it is a file or a block device, which may have to be created. */
  boolean isFile() {
    return kind == FILE;
  }
}
