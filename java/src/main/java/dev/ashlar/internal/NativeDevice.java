package dev.ashlar.internal;

import dev.ashlar.Device;

/**
 * A device as the native core names it.
 *
 * @param kind number of its kind, see {@link Native#storeOpen}
 * @param path of a file, or a label or name
 * @param sizeBytes of memory; 0 for a file
 * @param sectorBytes of memory; 0 for a file
 */
record NativeDevice(int kind, String path, long sizeBytes, int sectorBytes) {
  private static final int MEMORY = 0;
  private static final int FILE = 1;
  private static final int CRASH = 2;
  private static final int NAMED_MEMORY = 3;

  static NativeDevice of(final Device device) {
    return switch (device.kind()) {
      case MEMORY -> simulated(MEMORY, device);
      case CRASH -> simulated(CRASH, device);
      case FILE -> file(device.label());
      case BDEV -> Bdevs.find(device.label()).nativeDevice();
    };
  }

  private static NativeDevice simulated(final int kind, final Device device) {
    return new NativeDevice(kind, device.label(), device.sizeBytes(), device.sectorBytes());
  }

  static NativeDevice file(final String path) {
    return new NativeDevice(FILE, path, 0, 0);
  }

  static NativeDevice namedMemory(final String name) {
    return new NativeDevice(NAMED_MEMORY, name, 0, 0);
  }

  /** Whether its content lies in memory, so that a read takes about a microsecond. */
  boolean isMemory() {
    return kind != FILE;
  }

  /** Whether it is a file or a block device, which may have to be created. */
  boolean isFile() {
    return kind == FILE;
  }
}
