package dev.ashlar.internal;

/**
 * Crash devices: simulated drives with a volatile cache, kept by the testing library under a label
 * until they are dropped. A store opens one through {@code Device.Kind.CRASH}; one store at a time.
 *
 * <p>A device logs every write and flush. A position is a number of logged events; from any
 * position up to now an image can be made that a power cut at that moment could have left.
 *
 * <p>A label that is not known, or taken already, gives an {@link dev.ashlar.AshlarException}.
 */
public final class TestNative {
  static {
    NativeLibrary.load();
  }

  /** Kinds of requests, for {@link #failNth}. */
  public static final int OP_READ = 0;

  public static final int OP_WRITE = 1;
  public static final int OP_FLUSH = 2;
  public static final int OP_DISCARD = 3;

  private TestNative() {}

  /**
   * Makes a device of zeros.
   *
   * @param sectorBytes 512 or 4096; a write is torn between sectors
   * @param seed of the delays and the order of completions
   */
  public static native void create(String label, long sizeBytes, int sectorBytes, long seed);

  /** The position now. */
  public static native long logPosition(String label);

  /** Makes a device of what a power cut at the position could have left: one of many, by seed. */
  public static native void image(String label, long position, long seed, String newLabel);

  /** Makes a device of what readers saw at the position: nothing lost. */
  public static native void fullImage(String label, long position, String newLabel);

  /** Flips a bit somewhere in the range, on the medium, without an error. */
  public static native void corrupt(String label, long offsetBytes, long lengthBytes);

  /** The nth request of that kind from now on (1 is the next) fails with the errno. */
  public static native void failNth(String label, int op, long nth, int errno);

  /** From now on a flush completes and makes nothing durable, until told otherwise. */
  public static native void lieAboutFlush(String label, boolean lie);

  /** From now on every request fails with EIO and leaves no trace. */
  public static native void powerOff(String label);

  /** Takes back planned failures, lies and the loss of power. */
  public static native void clearFaults(String label);

  /** Forgets the device. A store that is open on it keeps it. */
  public static native void drop(String label);
}
