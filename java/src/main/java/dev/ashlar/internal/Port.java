package dev.ashlar.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One reactor's two rings in shared memory. Any thread submits; completions are taken by one thread
 * at a time, which the caller sees to. The protocol stands in {@code cpp/runtime/port_layout.h}.
 */
final class Port {
  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final ByteBuffer memory;
  private final int mask;
  private final int completions;
  private long completionHead;

  /** A port whose memory starts at the beginning of the buffer. */
  Port(final ByteBuffer memory, final int capacity) {
    this.memory = memory.order(ByteOrder.LITTLE_ENDIAN);
    this.mask = capacity - 1;
    this.completions = PortLayout.completionEntries(capacity);
    this.completionHead = (long) LONG.getAcquire(this.memory, PortLayout.COMPLETION_HEAD);
  }

  /**
   * Puts a slot into the submit ring, which always has room.
   *
   * @return true if the reactor sleeps and the caller must wake it
   */
  boolean submit(final int slot) {
    put(slot);
    VarHandle.fullFence(); // the entry is seen before the reactor's flag is looked at
    // Whoever takes the flag back wakes it; the others need not.
    return (int) INT.getVolatile(memory, PortLayout.REACTOR_ASLEEP) != 0
        && INT.compareAndSet(memory, PortLayout.REACTOR_ASLEEP, 1, 0);
  }

  /** The same by the thread that drives the reactor: it is awake, and looks before it sleeps. */
  void put(final int slot) {
    final long place = (long) LONG.getAndAdd(memory, PortLayout.SUBMIT_TAIL, 1L);
    final int entry = PortLayout.SUBMIT_ENTRIES + ((int) place & mask) * Integer.BYTES;
    INT.setRelease(memory, entry, slot + 1);
  }

  /** Slots that were submitted and whose completion has not been taken; about so many. */
  int inFlight() {
    final long taken = (long) LONG.getVolatile(memory, PortLayout.COMPLETION_HEAD);
    return (int) ((long) LONG.getVolatile(memory, PortLayout.SUBMIT_TAIL) - taken);
  }

  boolean hasCompletions() {
    return (long) LONG.getVolatile(memory, PortLayout.COMPLETION_TAIL)
        != (long) LONG.getVolatile(memory, PortLayout.COMPLETION_HEAD);
  }

  /**
   * Takes completions; one thread at a time.
   *
   * @return how many slots were put into {@code into}
   */
  int takeCompletions(final int[] into) {
    final long tail = (long) LONG.getAcquire(memory, PortLayout.COMPLETION_TAIL);
    final long head = completionHead;
    final int count = (int) Math.min(tail - head, into.length);
    for (int i = 0; i < count; i++) {
      into[i] = memory.getInt(completions + ((int) (head + i) & mask) * Integer.BYTES);
    }
    if (count > 0) {
      completionHead = head + count;
      LONG.setRelease(memory, PortLayout.COMPLETION_HEAD, head + count);
    }
    return count;
  }
}
