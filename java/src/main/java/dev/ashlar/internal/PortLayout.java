package dev.ashlar.internal;

/**
 * Layout of the memory shared with the native runtime besides the op slots. The same layout, with
 * the protocol of the rings, stands in {@code cpp/runtime/port_layout.h}.
 */
final class PortLayout {
  static final int CONTROL_BYTES = 256;
  static final int DRAINER_WAITING = 0;
  static final int SUBMIT_TAIL = 0;
  static final int SUBMIT_HEAD = 128;
  static final int COMPLETION_TAIL = 256;
  static final int COMPLETION_HEAD = 384;
  static final int REACTOR_ASLEEP = 512;
  static final int SUBMIT_ENTRIES = 640;

  private PortLayout() {}

  /** Entries per ring: the next power of two from the number of slots. */
  static int capacity(int slots) {
    return slots <= 1 ? 1 : Integer.highestOneBit(slots - 1) << 1;
  }

  static int completionEntries(int capacity) {
    return SUBMIT_ENTRIES + capacity * Integer.BYTES;
  }

  static int portBytes(int capacity) {
    return (SUBMIT_ENTRIES + 2 * capacity * Integer.BYTES + 127) / 128 * 128;
  }

  /** Offset of the first op slot in the shared memory. */
  static int slotsOffset(int ports, int capacity) {
    return (CONTROL_BYTES + ports * portBytes(capacity) + 4095) / 4096 * 4096;
  }

  static long[] expected() {
    return new long[] {
      CONTROL_BYTES,
      DRAINER_WAITING,
      SUBMIT_TAIL,
      SUBMIT_HEAD,
      COMPLETION_TAIL,
      COMPLETION_HEAD,
      REACTOR_ASLEEP,
      SUBMIT_ENTRIES,
      portBytes(512),
      completionEntries(512),
    };
  }
}
