package dev.ashlar.internal.metadata;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A growable array of bytes that is used again and again: nothing is allocated once it has its
 * size. Little-endian unless the name says otherwise. For one thread at a time.
 */
final class ByteSink {
  static final VarHandle U16 =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle U32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle U64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle U32_BIG =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  static final VarHandle U64_BIG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private byte[] bytes;
  private int size;

  ByteSink(final int capacity) {
    bytes = new byte[capacity];
  }

  /** The array behind; it changes when the sink grows. */
  byte[] array() {
    return bytes;
  }

  int size() {
    return size;
  }

  void clear() {
    size = 0;
  }

  byte[] copy(final int from, final int to) {
    return Arrays.copyOfRange(bytes, from, to);
  }

  /** Makes room for that many bytes at the end and gives the index of the first. */
  int extend(final int count) {
    final int at = size;
    final int end = Math.addExact(at, count);
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(end, bytes.length + (bytes.length >> 1)));
    }
    size = end;
    return at;
  }

  void putU8(final int value) {
    final int at = extend(1);
    bytes[at] = (byte) value;
  }

  void putU16(final int value) {
    final int at = extend(2);
    U16.set(bytes, at, (short) value);
  }

  void putU32(final int value) {
    final int at = extend(4);
    U32.set(bytes, at, value);
  }

  void putU64(final long value) {
    final int at = extend(8);
    U64.set(bytes, at, value);
  }

  void putU32Big(final int value) {
    final int at = extend(4);
    U32_BIG.set(bytes, at, value);
  }

  void putU64Big(final long value) {
    final int at = extend(8);
    U64_BIG.set(bytes, at, value);
  }

  void putBytes(final byte[] from) {
    final int at = extend(from.length);
    System.arraycopy(from, 0, bytes, at, from.length);
  }
}
