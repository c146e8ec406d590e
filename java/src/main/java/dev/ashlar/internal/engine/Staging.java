package dev.ashlar.internal.engine;

import java.nio.ByteBuffer;

/** A piece of memory outside the heap through which heap buffers are moved. */
final class Staging {
  private final ByteBuffer memory;
  private final long address;
  private final int sizeClass;

  Staging(final ByteBuffer memory, final long address, final int sizeClass) {
    this.memory = memory;
    this.address = address;
    this.sizeClass = sizeClass;
  }

  long address() {
    return address;
  }

  int sizeClass() {
    return sizeClass;
  }

  ByteBuffer memory() {
    return memory;
  }

  void copyIn(final int at, final ByteBuffer from, final int index, final int length) {
    memory.put(at, from, index, length);
  }

  void copyOut(final int at, final ByteBuffer into, final int index, final int length) {
    into.put(index, memory, at, length);
  }
}
