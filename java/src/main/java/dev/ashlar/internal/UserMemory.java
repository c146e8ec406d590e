package dev.ashlar.internal;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;

/** Aligned buffers for users: they free themselves when they are not reachable any more. */
final class UserMemory {
  private static final Cleaner CLEANER = Cleaner.create();

  private UserMemory() {}

  static ByteBuffer allocate(final int bytes) {
    final ByteBuffer memory = SharedRuntime.allocateAligned(bytes);
    final long address = Native.address(memory);
    // Views keep the buffer they were made from reachable, so this one stands for all of them.
    CLEANER.register(memory, () -> Native.free(address));
    return memory;
  }
}
