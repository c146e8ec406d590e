package dev.ashlar;

/** Devices that only tests use. */
public final class TestDevices {

  private TestDevices() {}

  /** A crash device of the testing library. */
  public static Device crash(final String label, final long bytes, final int sectorBytes) {
    return Device.crash(label, bytes, sectorBytes);
  }

  /** Memory with small or large sectors. */
  public static Device memory(final long bytes, final int sectorBytes) {
    return Device.memory(bytes, sectorBytes);
  }
}
