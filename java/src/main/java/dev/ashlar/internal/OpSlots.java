package dev.ashlar.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The op slots of a runtime: typed access to their fields, and who has which.
 *
 * <p>A slot belongs to one thread at a time: it is taken with {@link #tryAcquire} or granted to a
 * waiter, filled, submitted, and given back with {@link #release} once its owner was told.
 */
public final class OpSlots {

  /** Something that waits for a slot. */
  public interface Waiter {
    /**
     * A slot is there. Must not block.
     *
     * @param slot now belongs to the waiter
     */
    void slotGranted(int slot);
  }

  private static final int LOCATION_STRIDE = OpSlotLayout.BYTES / Long.BYTES;
  private static final int CRC_STRIDE = OpSlotLayout.BYTES / Integer.BYTES;
  private static final int FIRST_LOCATION = OpSlotLayout.LOCATIONS / Long.BYTES;
  private static final int FIRST_CRC = OpSlotLayout.CRCS / Integer.BYTES;
  private static final int NONE = 0xffff_ffff;

  private final ByteBuffer memory;
  private final LongBuffer longs;
  private final IntBuffer ints;
  private final int count;

  // The free list: the lower half is the first free slot, the upper half counts changes.
  private final AtomicLong head = new AtomicLong();
  private final int[] next;
  private final int[] tags;
  private final ConcurrentLinkedQueue<Waiter> waiters = new ConcurrentLinkedQueue<>();

  /**
   * Slots in a piece of memory.
   *
   * @param memory a direct buffer of {@code count} slots
   * @param count at least 1
   */
  public OpSlots(final ByteBuffer memory, final int count) {
    this.memory = memory.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    this.longs = this.memory.asLongBuffer();
    this.ints = this.memory.asIntBuffer();
    this.count = count;
    this.next = new int[count];
    this.tags = new int[count];
    for (int i = 0; i < count; i++) {
      next[i] = i + 1 < count ? i + 1 : NONE;
    }
  }

  /**
   * Bytes that a number of slots take.
   *
   * @param count of slots
   * @return bytes
   */
  public static int bytes(final int count) {
    return count * OpSlotLayout.BYTES;
  }

  /**
   * How many slots there are.
   *
   * @return at least 1
   */
  public int count() {
    return count;
  }

  // --- who has which ---------------------------------------------------------------------------

  /**
   * Takes a free slot.
   *
   * @return its number, or -1 if there is none or others wait for one
   */
  public int tryAcquire() {
    return waiters.isEmpty() ? pop() : -1;
  }

  /**
   * Takes a free slot now, in this thread, or as soon as there is one, in another.
   *
   * @param waiter told once
   */
  public void acquire(final Waiter waiter) {
    final int slot = tryAcquire();
    if (slot >= 0) {
      waiter.slotGranted(slot);
      return;
    }
    waiters.add(waiter);
    grant();
  }

  /**
   * Gives a slot back.
   *
   * @param slot that the caller has
   */
  public void release(final int slot) {
    push(slot);
    if (!waiters.isEmpty()) {
      grant();
    }
  }

  private void grant() {
    while (!waiters.isEmpty()) {
      final int slot = pop();
      if (slot < 0) {
        return; // whoever releases the next one comes here
      }
      final Waiter waiter = waiters.poll();
      if (waiter == null) {
        push(slot);
      } else {
        waiter.slotGranted(slot);
      }
    }
  }

  private int pop() {
    while (true) {
      final long seen = head.get();
      final int slot = (int) seen;
      if (slot == NONE) {
        return -1;
      }
      if (head.compareAndSet(seen, successor(seen, next[slot]))) {
        return slot;
      }
    }
  }

  private void push(final int slot) {
    while (true) {
      final long seen = head.get();
      next[slot] = (int) seen;
      if (head.compareAndSet(seen, successor(seen, slot))) {
        return;
      }
    }
  }

  private static long successor(final long seen, final int first) {
    return ((seen >>> Integer.SIZE) + 1) << Integer.SIZE | Integer.toUnsignedLong(first);
  }

  /**
   * Notes a number with a slot, for its owner.
   *
   * @param slot that the caller has
   * @param tag any number
   */
  public void setTag(final int slot, final int tag) {
    tags[slot] = tag;
  }

  /**
   * What was noted with a slot.
   *
   * @param slot that the caller has
   * @return the number
   */
  public int tag(final int slot) {
    return tags[slot];
  }

  // --- input fields ----------------------------------------------------------------------------

  /**
   * Fills a read, except for its pages.
   *
   * @param slot number of the slot
   * @param store handle
   * @param address where the first byte goes
   * @param headOffset of the first byte within the first page
   * @param length in bytes
   * @param pages touched
   */
  public void read(
      final int slot,
      final long store,
      final long address,
      final int headOffset,
      final int length,
      final int pages) {
    fill(slot, OpSlotLayout.OP_READ, store, address, headOffset, length, pages);
  }

  /**
   * Fills a write whose first and last page, if covered in part, were holes.
   *
   * @param slot number of the slot
   * @param store handle
   * @param address of the first byte
   * @param headOffset of the first byte within the first page
   * @param length in bytes
   * @param pages touched
   */
  public void write(
      final int slot,
      final long store,
      final long address,
      final int headOffset,
      final int length,
      final int pages) {
    fill(slot, OpSlotLayout.OP_WRITE, store, address, headOffset, length, pages);
    oldHead(slot, Pages.HOLE, 0);
    oldTail(slot, Pages.HOLE, 0);
  }

  /**
   * Fills an operation that frees pages, except for its runs.
   *
   * @param slot number of the slot
   * @param store handle
   * @param runs 1 to {@link Pages#SEGMENT_PAGES}
   */
  public void free(final int slot, final long store, final int runs) {
    fill(slot, OpSlotLayout.OP_FREE, store, 0, 0, 0, runs);
  }

  /**
   * Fills a flush of the device.
   *
   * @param slot number of the slot
   * @param store handle
   */
  public void flush(final int slot, final long store) {
    fill(slot, OpSlotLayout.OP_FLUSH, store, 0, 0, 0, 0);
  }

  private void fill(
      final int slot,
      final int opcode,
      final long store,
      final long address,
      final int headOffset,
      final int length,
      final int pages) {
    final int base = slot * OpSlotLayout.BYTES;
    memory.putLong(base + OpSlotLayout.STORE, store);
    memory.putLong(base + OpSlotLayout.ADDRESS, address);
    memory.putInt(base + OpSlotLayout.OPCODE, opcode);
    memory.putInt(base + OpSlotLayout.PAGE_COUNT, pages);
    memory.putInt(base + OpSlotLayout.HEAD_OFFSET, headOffset);
    memory.putInt(base + OpSlotLayout.LENGTH, length);
  }

  /**
   * Where the old content of a write's first page is.
   *
   * @param slot number of the slot
   * @param location of the page, or a hole
   * @param crc of the page
   */
  public void oldHead(final int slot, final long location, final int crc) {
    final int base = slot * OpSlotLayout.BYTES;
    memory.putLong(base + OpSlotLayout.OLD_HEAD_LOCATION, location);
    memory.putInt(base + OpSlotLayout.OLD_HEAD_CRC, crc);
  }

  /**
   * Where the old content of a write's last page is.
   *
   * @param slot number of the slot
   * @param location of the page, or a hole
   * @param crc of the page
   */
  public void oldTail(final int slot, final long location, final int crc) {
    final int base = slot * OpSlotLayout.BYTES;
    memory.putLong(base + OpSlotLayout.OLD_TAIL_LOCATION, location);
    memory.putInt(base + OpSlotLayout.OLD_TAIL_CRC, crc);
  }

  /**
   * Fills locations and checksums (or, of a free operation, runs and their lengths).
   *
   * @param slot number of the slot
   * @param locations array to copy from
   * @param crcs array to copy from
   * @param from first index in both
   * @param pages how many
   */
  public void putPages(
      final int slot, final long[] locations, final int[] crcs, final int from, final int pages) {
    final int location = slot * LOCATION_STRIDE + FIRST_LOCATION;
    final int crc = slot * CRC_STRIDE + FIRST_CRC;
    if (pages == 1) { // a copy of an array costs more than this
      longs.put(location, locations[from]);
      ints.put(crc, crcs[from]);
      return;
    }
    longs.put(location, locations, from, pages);
    ints.put(crc, crcs, from, pages);
  }

  // --- output fields ---------------------------------------------------------------------------

  /**
   * Copies the locations and checksums of the pages that a write filled.
   *
   * @param slot number of the slot
   * @param locations array to copy to
   * @param crcs array to copy to
   * @param from first index in both
   * @param pages how many
   */
  public void getPages(
      final int slot, final long[] locations, final int[] crcs, final int from, final int pages) {
    longs.get(slot * LOCATION_STRIDE + FIRST_LOCATION, locations, from, pages);
    ints.get(slot * CRC_STRIDE + FIRST_CRC, crcs, from, pages);
  }

  /**
   * Result of the operation.
   *
   * @param slot number of the slot
   * @return 0 or the negative of a {@link ResultCode}
   */
  public int status(final int slot) {
    return memory.getInt(slot * OpSlotLayout.BYTES + OpSlotLayout.STATUS);
  }

  /**
   * What the operating system said.
   *
   * @param slot number of the slot
   * @return errno, or 0
   */
  public int errno(final int slot) {
    return memory.getInt(slot * OpSlotLayout.BYTES + OpSlotLayout.SYS_ERRNO);
  }

  /**
   * The page at fault.
   *
   * @param slot number of the slot
   * @return its location
   */
  public long failedLocation(final int slot) {
    return memory.getLong(slot * OpSlotLayout.BYTES + OpSlotLayout.FAILED_LOCATION);
  }

  /**
   * The page at fault.
   *
   * @param slot number of the slot
   * @return its byte offset on the device
   */
  public long failedOffset(final int slot) {
    return memory.getLong(slot * OpSlotLayout.BYTES + OpSlotLayout.FAILED_OFFSET);
  }

  /**
   * The page at fault.
   *
   * @param slot number of the slot
   * @return its index within the operation
   */
  public int failedPage(final int slot) {
    return memory.getInt(slot * OpSlotLayout.BYTES + OpSlotLayout.FAILED_PAGE);
  }

  /**
   * Checksum that a page must have.
   *
   * @param slot number of the slot
   * @return CRC32C
   */
  public int expectedCrc(final int slot) {
    return memory.getInt(slot * OpSlotLayout.BYTES + OpSlotLayout.EXPECTED_CRC);
  }

  /**
   * Checksum that a page has.
   *
   * @param slot number of the slot
   * @return CRC32C
   */
  public int actualCrc(final int slot) {
    return memory.getInt(slot * OpSlotLayout.BYTES + OpSlotLayout.ACTUAL_CRC);
  }

  // --- the executing side, for simulations -------------------------------------------------------

  /**
   * The memory of all slots, for whoever executes them.
   *
   * @return a little-endian view
   */
  public ByteBuffer memory() {
    return memory.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }
}
