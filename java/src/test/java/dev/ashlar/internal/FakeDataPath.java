package dev.ashlar.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import java.util.zip.CRC32C;

/**
 * Executes op slots on a {@link FakeDisk}: in another thread, in random order, after random delays,
 * with failures where a test wants them. Tells the owners on a thread of its own, as the real one
 * does.
 */
public final class FakeDataPath implements DataPath {
  private static final int REACTORS = 2;
  private static final long FIRST_ADDRESS = 1L << 32;

  /** What a test may have go wrong. */
  public interface Faults {
    /** The status of an operation before it is executed; 0 to execute it. */
    default int before(final int opcode) {
      return 0;
    }
  }

  private final OpSlots slots;
  private final ByteBuffer memory;
  private final SplittableRandom random;
  private final int maxDelayMicros;
  private final Map<Long, FakeDisk> stores = new ConcurrentHashMap<>();

  private final TreeMap<Long, ByteBuffer> buffers = new TreeMap<>();
  private final Map<Integer, Long> knownBuffers = new ConcurrentHashMap<>();
  private long nextAddress = FIRST_ADDRESS;

  private record Submitted(int slot, SlotOwner owner) {}

  private final List<Submitted> submitted = new ArrayList<>();
  private final ArrayDeque<Submitted> completed = new ArrayDeque<>();
  private final ArrayDeque<Callback> posted = new ArrayDeque<>();
  private boolean stopped;
  private volatile IntPredicate held = opcode -> false;
  private volatile Faults faults = new Faults() {};

  private final Thread reactor = new Thread(this::execute, "fake-reactor");
  private final AshlarThread completions = new AshlarThread("fake-completions", this::complete);

  /** Starts it. */
  public FakeDataPath(final int slotCount, final int maxDelayMicros, final long seed) {
    this.memory =
        ByteBuffer.allocateDirect(OpSlots.bytes(slotCount)).order(ByteOrder.LITTLE_ENDIAN);
    this.slots = new OpSlots(memory, slotCount);
    this.random = new SplittableRandom(seed);
    this.maxDelayMicros = maxDelayMicros;
    reactor.setDaemon(true);
    reactor.start();
    completions.start();
  }

  void addStore(final long handle, final FakeDisk disk) {
    stores.put(handle, disk);
  }

  void removeStore(final long handle) {
    stores.remove(handle);
  }

  /** Sets what goes wrong from now on. */
  public void setFaults(final Faults next) {
    faults = next;
  }

  /** Holds back the operations whose opcodes satisfy a condition, from now on. */
  public void hold(final IntPredicate opcodes) {
    synchronized (submitted) {
      held = opcodes;
      submitted.notifyAll();
    }
  }

  /** Holds nothing back any more. */
  public void release() {
    hold(opcode -> false);
  }

  /** A read. */
  public static boolean isRead(final int opcode) {
    return opcode == OpSlotLayout.OP_READ;
  }

  /** A write. */
  public static boolean isWrite(final int opcode) {
    return opcode == OpSlotLayout.OP_WRITE;
  }

  /** A flush. */
  public static boolean isFlush(final int opcode) {
    return opcode == OpSlotLayout.OP_FLUSH;
  }

  /** Operations that wait or are held back. */
  public int waiting() {
    synchronized (submitted) {
      return submitted.size();
    }
  }

  /** Whether an operation whose opcode satisfies a condition is waiting. */
  public boolean isWaiting(final IntPredicate opcode) {
    synchronized (submitted) {
      return submitted.stream()
          .anyMatch(
              one ->
                  opcode.test(memory.getInt(one.slot * OpSlotLayout.BYTES + OpSlotLayout.OPCODE)));
    }
  }

  /** Ends its threads. */
  public void stop() {
    synchronized (submitted) {
      stopped = true;
      submitted.notifyAll();
    }
    synchronized (completed) {
      completed.notifyAll();
    }
  }

  // --- DataPath ----------------------------------------------------------------------------------

  @Override
  public OpSlots slots() {
    return slots;
  }

  @Override
  public int reactors() {
    return REACTORS;
  }

  @Override
  public void submit(final int slot, final int toReactor, final SlotOwner owner) {
    if (toReactor < 0 || toReactor >= REACTORS) {
      throw new IllegalArgumentException("no reactor " + toReactor);
    }
    synchronized (submitted) {
      submitted.add(new Submitted(slot, owner));
      submitted.notifyAll();
    }
  }

  @Override
  public int help() {
    final Submitted one;
    synchronized (completed) {
      one = completed.poll();
    }
    if (one == null) {
      return 0;
    }
    one.owner.slotDone(one.slot);
    return 1;
  }

  @Override
  public void startHelping() {}

  @Override
  public void stopHelping() {}

  @Override
  public void post(final Callback callback) {
    synchronized (completed) {
      posted.add(callback);
      completed.notifyAll();
    }
  }

  @Override
  public ByteBuffer allocate(final int bytes) {
    return ByteBuffer.allocateDirect(bytes);
  }

  @Override
  public void free(final ByteBuffer buffer) {
    synchronized (buffers) {
      final Long known = knownBuffers.remove(System.identityHashCode(buffer));
      if (known != null) {
        buffers.remove(known);
      }
    }
  }

  @Override
  public long address(final ByteBuffer direct) {
    synchronized (buffers) {
      final Long known = knownBuffers.get(System.identityHashCode(direct));
      if (known != null && buffers.get(known) == direct) {
        return known;
      }
      final long address = nextAddress;
      nextAddress += (direct.capacity() + 8191L) / 4096 * 4096;
      buffers.put(address, direct);
      knownBuffers.put(System.identityHashCode(direct), address);
      return address;
    }
  }

  /** The memory behind an address; position is at the address. */
  ByteBuffer at(final long address, final int length) {
    synchronized (buffers) {
      final Map.Entry<Long, ByteBuffer> entry = buffers.floorEntry(address);
      final ByteBuffer whole = entry.getValue();
      final int from = (int) (address - entry.getKey());
      if (from + length > whole.capacity()) {
        throw new IllegalStateException("address " + address + " is outside of any buffer");
      }
      return whole.duplicate().limit(from + length).position(from);
    }
  }

  // --- the reactor
  // ---------------------------------------------------------------------------------

  private void execute() {
    while (true) {
      final Submitted one;
      final long delay;
      synchronized (submitted) {
        int index = pick();
        while (!stopped && index < 0) {
          try {
            submitted.wait();
          } catch (final InterruptedException e) {
            return;
          }
          index = pick();
        }
        if (stopped) {
          return;
        }
        final int last = submitted.size() - 1;
        one = submitted.get(index);
        submitted.set(index, submitted.get(last));
        submitted.remove(last);
        delay = maxDelayMicros == 0 ? 0 : random.nextInt(maxDelayMicros);
      }
      if (delay > 20) {
        java.util.concurrent.locks.LockSupport.parkNanos(delay * 1000);
      }
      executeOne(one.slot);
      synchronized (completed) {
        completed.add(one);
        completed.notifyAll();
      }
    }
  }

  private int opcode(final Submitted one) {
    return memory.getInt(one.slot * OpSlotLayout.BYTES + OpSlotLayout.OPCODE);
  }

  /** Any of those that are not held back, or -1. */
  private int pick() {
    final int size = submitted.size();
    final int start = size == 0 ? 0 : random.nextInt(size);
    for (int i = 0; i < size; i++) {
      final int index = (start + i) % size;
      if (!held.test(opcode(submitted.get(index)))) {
        return index;
      }
    }
    return -1;
  }

  private void executeOne(final int slot) {
    final int base = slot * OpSlotLayout.BYTES;
    final int opcode = memory.getInt(base + OpSlotLayout.OPCODE);
    final FakeDisk disk = stores.get(memory.getLong(base + OpSlotLayout.STORE));
    int status = disk == null ? -ResultCode.CLOSED.number() : faults.before(opcode);
    memory.putInt(base + OpSlotLayout.SYS_ERRNO, status == 0 ? 0 : 5);
    memory.putInt(base + OpSlotLayout.FAILED_PAGE, 0);
    if (status == 0) {
      status =
          switch (opcode) {
            case OpSlotLayout.OP_READ -> read(disk, base);
            case OpSlotLayout.OP_WRITE -> write(disk, base);
            case OpSlotLayout.OP_FREE -> free(disk, base);
            case OpSlotLayout.OP_FLUSH -> flush(disk);
            default -> -ResultCode.INVALID_ARGUMENT.number();
          };
    }
    memory.putInt(base + OpSlotLayout.STATUS, status);
  }

  /** A flush in the calling thread, with the faults that a flush by slot has. */
  int flushInline(final FakeDisk disk) {
    final int status = faults.before(OpSlotLayout.OP_FLUSH);
    return status == 0 ? flush(disk) : status - StoreDevice.ERRNO_FACTOR * 5;
  }

  private static int flush(final FakeDisk disk) {
    disk.flush();
    return 0;
  }

  private int free(final FakeDisk disk, final int base) {
    final int runs = memory.getInt(base + OpSlotLayout.PAGE_COUNT);
    for (int i = 0; i < runs; i++) {
      final long first = memory.getLong(base + OpSlotLayout.LOCATIONS + i * 8);
      final int pages = memory.getInt(base + OpSlotLayout.CRCS + i * 4);
      for (int page = 0; page < pages; page++) {
        disk.free(first + page);
      }
    }
    return 0;
  }

  private int read(final FakeDisk disk, final int base) {
    final int pages = memory.getInt(base + OpSlotLayout.PAGE_COUNT);
    final int length = memory.getInt(base + OpSlotLayout.LENGTH);
    final ByteBuffer target = at(memory.getLong(base + OpSlotLayout.ADDRESS), length);
    int inPage = memory.getInt(base + OpSlotLayout.HEAD_OFFSET);
    for (int i = 0; i < pages; i++) {
      final long location = memory.getLong(base + OpSlotLayout.LOCATIONS + i * 8);
      final int crc = memory.getInt(base + OpSlotLayout.CRCS + i * 4);
      final byte[] page = verified(disk, base, i, location, crc);
      if (page == null) {
        return -ResultCode.CHECKSUM_MISMATCH.number();
      }
      target.put(page, inPage, Math.min(Pages.PAGE_BYTES - inPage, target.remaining()));
      inPage = 0;
    }
    return target.hasRemaining() ? -ResultCode.INVALID_ARGUMENT.number() : 0;
  }

  private int write(final FakeDisk disk, final int base) {
    final int pages = memory.getInt(base + OpSlotLayout.PAGE_COUNT);
    final int length = memory.getInt(base + OpSlotLayout.LENGTH);
    final ByteBuffer source = at(memory.getLong(base + OpSlotLayout.ADDRESS), length);
    int inPage = memory.getInt(base + OpSlotLayout.HEAD_OFFSET);
    final long[] fresh = disk.allocate(pages);
    if (fresh == null) {
      return -ResultCode.OUT_OF_SPACE.number();
    }
    for (int i = 0; i < pages; i++) {
      final int count = Math.min(Pages.PAGE_BYTES - inPage, source.remaining());
      final boolean partial = count < Pages.PAGE_BYTES;
      final byte[] page = partial ? oldPage(disk, base, i, pages) : new byte[Pages.PAGE_BYTES];
      if (page == null) {
        for (final long location : fresh) {
          disk.free(location);
        }
        return -ResultCode.CHECKSUM_MISMATCH.number();
      }
      source.get(page, inPage, count);
      disk.write(fresh[i], page);
      memory.putLong(base + OpSlotLayout.LOCATIONS + i * 8, fresh[i]);
      memory.putInt(base + OpSlotLayout.CRCS + i * 4, crc(page));
      inPage = 0;
    }
    return source.hasRemaining() ? -ResultCode.INVALID_ARGUMENT.number() : 0;
  }

  private byte[] oldPage(final FakeDisk disk, final int base, final int page, final int pages) {
    if (page == 0) {
      return verified(
          disk,
          base,
          page,
          memory.getLong(base + OpSlotLayout.OLD_HEAD_LOCATION),
          memory.getInt(base + OpSlotLayout.OLD_HEAD_CRC));
    }
    if (page != pages - 1) {
      throw new IllegalStateException("a page in the middle is covered only in part");
    }
    return verified(
        disk,
        base,
        page,
        memory.getLong(base + OpSlotLayout.OLD_TAIL_LOCATION),
        memory.getInt(base + OpSlotLayout.OLD_TAIL_CRC));
  }

  private byte[] verified(
      final FakeDisk disk, final int base, final int page, final long location, final int crc) {
    if (location == OpSlotLayout.HOLE) {
      return new byte[Pages.PAGE_BYTES];
    }
    final byte[] bytes = disk.read(location);
    final int actual = bytes == null ? 0 : crc(bytes);
    if (bytes == null || actual != crc) {
      memory.putInt(base + OpSlotLayout.FAILED_PAGE, page);
      memory.putLong(base + OpSlotLayout.FAILED_LOCATION, location);
      memory.putLong(base + OpSlotLayout.FAILED_OFFSET, location & 0xffffffffL);
      memory.putInt(base + OpSlotLayout.EXPECTED_CRC, crc);
      memory.putInt(base + OpSlotLayout.ACTUAL_CRC, actual);
      return null;
    }
    return bytes.clone();
  }

  static int crc(final byte[] bytes) {
    final CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  // --- the completion thread
  // -------------------------------------------------------------------------

  private void complete() {
    while (true) {
      final Submitted one;
      final Callback callback;
      synchronized (completed) {
        while (!stopped && completed.isEmpty() && posted.isEmpty()) {
          try {
            completed.wait();
          } catch (final InterruptedException e) {
            return;
          }
        }
        if (completed.isEmpty() && posted.isEmpty()) {
          return;
        }
        one = completed.poll();
        callback = posted.poll();
      }
      if (one != null) {
        one.owner.slotDone(one.slot);
      }
      if (callback != null) {
        callback.run();
      }
    }
  }
}
